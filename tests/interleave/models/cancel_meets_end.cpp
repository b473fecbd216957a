// A chain ends and its frame is destroyed while its scope, or one above it, is cancelled: a
// canceller looks at no frame that is gone. (owned_root::retire() over an atomic of the model.)
#include <memory>

#include "cancel_world.hpp"

int main(int argc, char** argv) {
  return model::test("cancel: a frame goes at its chain's end, and nobody looks at it then")
      .main(argc, argv, [] {
        cancel_world w;
        scope_node top;
        scope_node inner(top);
        auto chain = std::make_unique<sleeping_chain>(inner);
        {
          auto worker = model::spawn("worker", [&] {
            w.start_and_end(*chain);
            inner.roots[0].store(nullptr, std::memory_order_relaxed);
            inner.let_walkers_pass();
            chain.reset();
          });
          auto above = model::spawn("canceller", [&] { top.cancel(w.exec); });
          auto beside = model::spawn("its own", [&] { inner.cancel(w.exec); });
        }
        inner.leave();
      });
}
