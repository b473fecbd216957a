// The deque when owner and thieves meet over the last items: every item is taken exactly once. The
// owner takes no lock here, so nothing but the protocol publishes the payloads.
#include "deque_world.hpp"

int main(int argc, char** argv) {
  return model::test("deque, last items: each item is taken exactly once")
      .reorderings(3)
      .random(20'000)
      .main(argc, argv, [] {
        deque_world<2> w;
        {
          auto own = model::spawn("owner", [&] {
            w.push(0);
            w.push(1);
            w.pop();
            w.pop();
          });
          auto first = model::spawn("thief-1", [&] { w.steal(); });
          auto second = model::spawn("thief-2", [&] { w.steal(); });
        }
        w.drain();
      });
}
