// A join whose children are counted plainly by its owner and atomically by those who stole some:
// it ends exactly once, its parent sees every result, and nobody touches it afterwards.
#include "join_world.hpp"

int main(int argc, char** argv) {
  return model::test("join with thieves: it ends once, and every result has arrived")
      .reorderings(2)
      .main(argc, argv, [] {
        join_world w;
        leaf children[3]{leaf(1), leaf(2), leaf(4)};
        branch<3> parent(children[0], children[1], children[2]);
        {
          auto own = model::spawn("owner", [&] { w.own(parent); });
          auto first = model::spawn("thief-1", [&] { w.steal(); });
          auto second = model::spawn("thief-2", [&] { w.steal(); });
        }
        w.drain();
        model::check(w.top.ends == 1 && parent.result == 7, "the parent went on once, with all");
      });
}
