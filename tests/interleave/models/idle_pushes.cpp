// A busy worker pushes an item to its deque and stays busy: the other worker ends up with it, for
// all that the pusher's fence is a light one.
#include "idle_world.hpp"

int main(int argc, char** argv) {
  return model::test("idle: a pushed item never lies beside a sleeping worker")
      .main(argc, argv, [] {
        idle_world w;
        {
          auto busy = model::spawn("worker-0", [&] { w.push(); });
          auto other = model::spawn("worker-1", [&] { w.work(1); });
        }
      });
}
