// The deque when an index is used twice: a thief that saw the first item there may meet the second.
// Every item is taken exactly once, and its payload travels with it.
#include "deque_world.hpp"

int main(int argc, char** argv) {
  return model::test("deque, an index used twice: each item is taken exactly once")
      .random(20'000)
      .main(argc, argv, [] {
        deque_world<2> w;
        {
          auto own = model::spawn("owner", [&] {
            w.push(0);
            w.pop();
            w.push(1);
            w.pop();
          });
          auto thief = model::spawn("thief", [&] { w.steal(); });
        }
        w.drain();
      });
}
