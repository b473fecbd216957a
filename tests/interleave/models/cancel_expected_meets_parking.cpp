// As cancel_meets_parking, in scopes that expect their cancel: full fences in the place of the
// asymmetric ones.
#include "cancel_world.hpp"

int main(int argc, char** argv) {
  return model::test("cancel: a chain that parks is found where a cancel is expected")
      .main(argc, argv, [] {
        cancel_world w;
        scope_node top;
        scope_node inner(top);
        top.expect_cancel();
        inner.expect_cancel();
        sleeping_chain chain(inner);
        {
          auto worker = model::spawn("worker", [&] { w.park(chain); });
          auto canceller = model::spawn("canceller", [&] { top.cancel(w.exec); });
        }
        model::check(chain.runs == 1, "the chain does not sleep in a cancelled tree");
      });
}
