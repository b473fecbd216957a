// The deque when its owner pushes several items by one store while thieves look: each is taken
// exactly once, with its payload.
#include "deque_world.hpp"

int main(int argc, char** argv) {
  return model::test("deque, many pushed at once: each item is taken exactly once")
      .reorderings(3)
      .random(20'000)
      .main(argc, argv, [] {
        deque_world<2> w;
        {
          auto own = model::spawn("owner", [&] {
            w.push_all();
            w.pop();
          });
          auto first = model::spawn("thief-1", [&] { w.steal(); });
          auto second = model::spawn("thief-2", [&] { w.steal(); });
        }
        w.drain();
      });
}
