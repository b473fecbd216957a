// The deque while its owner makes it grow and also takes from the old end, against two thieves:
// every item is taken exactly once, and its payload travels with it.
#include "deque_world.hpp"

namespace {

void owner(deque_world<4>& w) {
  w.push(0);
  w.push(1);
  w.pop();
  w.push(2);
  w.push(3);
  w.took(w.queue.pop_oldest());
  w.pop();
  w.pop();
}

}  // namespace

int main(int argc, char** argv) {
  return model::test("deque, growing: each item is taken exactly once")
      .reorderings(2)
      .random(20'000)
      .main(argc, argv, [] {
        deque_world<4> w;
        {
          auto own = model::spawn("owner", [&] { owner(w); });
          auto first = model::spawn("thief-1", [&] { w.steal(); });
          auto second = model::spawn("thief-2", [&] { w.steal(); });
        }
        w.drain();
      });
}
