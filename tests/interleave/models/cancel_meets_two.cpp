// Two chains of one scope enrol it at the same time while its parent is cancelled.
#include "cancel_world.hpp"

int main(int argc, char** argv) {
  return model::test("cancel: two chains that enrol one scope are both found")
      .reorderings(1)
      .main(argc, argv, [] {
        cancel_world w;
        scope_node top;
        scope_node inner(top);
        sleeping_chain first(inner, 0);
        sleeping_chain second(inner, 1);
        {
          auto one = model::spawn("worker-0", [&] { w.park(first); });
          auto other = model::spawn("worker-1", [&] { w.park(second); });
          auto canceller = model::spawn("canceller", [&] { top.cancel(w.exec); });
        }
        model::check(first.runs == 1 && second.runs == 1, "no chain sleeps in a cancelled tree");
      });
}
