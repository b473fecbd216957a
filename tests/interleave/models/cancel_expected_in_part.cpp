// A scope that expects its cancel has one below it that does not: the canceller's fence must be one
// that serves both.
#include "cancel_world.hpp"

int main(int argc, char** argv) {
  return model::test("cancel: a chain that parks is found below a scope that expects its cancel")
      .main(argc, argv, [] {
        cancel_world w;
        scope_node top;
        scope_node inner(top);
        top.expect_cancel();
        sleeping_chain above(top);
        sleeping_chain below(inner);
        {
          auto one = model::spawn("worker-0", [&] { w.park(above); });
          auto other = model::spawn("worker-1", [&] { w.park(below); });
          auto canceller = model::spawn("canceller", [&] { top.cancel(w.exec); });
        }
        model::check(above.runs == 1 && below.runs == 1, "no chain sleeps in a cancelled tree");
      });
}
