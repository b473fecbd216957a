// A join whose children fail on different workers: the parent learns of a failure and sees it, and
// a failing child's cancel of its siblings never meets a join that has ended.
#include "join_world.hpp"

int main(int argc, char** argv) {
  return model::test("join with failures: the parent sees the first one")
      .reorderings(2)
      .main(argc, argv, [] {
        join_world w;
        failing_leaf children[2];
        branch<2> parent(children[0], children[1]);
        parent.policy = on_failure::cancel_siblings;
        {
          auto own = model::spawn("owner", [&] { w.own(parent); });
          auto thief = model::spawn("thief", [&] { w.steal(); });
        }
        w.drain();
        model::check(w.top.ends == 1 && parent.first_failure == -1, "the failure has arrived");
      });
}
