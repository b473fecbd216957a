// A scope that ends and is gone while its parent is cancelled: the canceller never touches it
// afterwards.
#include <memory>

#include "cancel_world.hpp"

int main(int argc, char** argv) {
  return model::test("cancel: a scope that leaves the tree is left alone").main(argc, argv, [] {
    cancel_world w;
    scope_node top;
    {
      auto worker = model::spawn("worker", [&] {
        auto inner = std::make_unique<scope_node>(top);
        const auto chain = std::make_unique<sleeping_chain>(*inner);
        w.start_and_end(*chain);
        inner->leave();
        inner.reset();
      });
      auto canceller = model::spawn("canceller", [&] { top.cancel(w.exec); });
    }
  });
}
