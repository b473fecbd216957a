// A join whose first child has been counted plainly when the second one sleeps: settling publishes
// that count and that result to whoever ends the join.
#include "join_world.hpp"

int main(int argc, char** argv) {
  return model::test("join, the second child sleeps: what was counted plainly is published")
      .main(argc, argv, [] {
        join_world w;
        leaf ends(1);
        sleeper sleeps(2);
        branch<2> parent(ends, sleeps);
        {
          auto own = model::spawn("owner", [&] { w.own(parent); });
          auto waker = model::spawn("waker", [&] { w.wake(sleeps); });
        }
        w.drain();
        model::check(w.top.ends == 1 && parent.result == 3, "the parent went on once, with all");
      });
}
