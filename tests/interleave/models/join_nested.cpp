// A join inside an attached chain of another join, with thieves: whoever leaves the inline chain
// detaches and settles every join above it first.
#include "join_world.hpp"

int main(int argc, char** argv) {
  return model::test("nested joins: each ends once, and every result has arrived")
      .reorderings(1)
      .main(argc, argv, [] {
        join_world w;
        leaf leaves[3]{leaf(1), leaf(2), leaf(4)};
        branch<2> inner(leaves[0], leaves[1]);
        branch<2> outer(inner, leaves[2]);
        {
          auto own = model::spawn("owner", [&] { w.own(outer); });
          auto first = model::spawn("thief-1", [&] { w.steal(); });
          auto second = model::spawn("thief-2", [&] { w.steal(); });
        }
        w.drain();
        model::check(w.top.ends == 1 && outer.result == 7, "the parent went on once, with all");
      });
}
