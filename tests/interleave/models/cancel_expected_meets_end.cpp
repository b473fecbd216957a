// As cancel_meets_end, in scopes that expect their cancel.
#include <memory>

#include "cancel_world.hpp"

int main(int argc, char** argv) {
  return model::test("cancel: nobody looks at a frame that is gone where a cancel is expected")
      .main(argc, argv, [] {
        cancel_world w;
        scope_node top;
        scope_node inner(top);
        top.expect_cancel();
        inner.expect_cancel();
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
