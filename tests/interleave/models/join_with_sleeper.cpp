// A join one of whose children sleeps and ends on another thread, while its sibling may be stolen:
// the child is detached before it sleeps, so nobody counts plainly what others may end.
#include "join_world.hpp"

int main(int argc, char** argv) {
  return model::test("join with a sleeper: it ends once, and every result has arrived")
      .main(argc, argv, [] {
        join_world w;
        sleeper sleeps(1);
        leaf ends(2);
        branch<2> parent(sleeps, ends);
        {
          auto own = model::spawn("owner", [&] { w.own(parent); });
          auto thief = model::spawn("thief", [&] { w.steal(); });
          auto waker = model::spawn("waker", [&] { w.wake(sleeps); });
        }
        w.drain();
        model::check(w.top.ends == 1 && parent.result == 3, "the parent went on once, with all");
      });
}
