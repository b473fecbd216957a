// Work that starts more work on its own worker and then keeps that worker busy: the other worker
// wakes up and steals it.
#include "pool_world.hpp"

int main(int argc, char** argv) {
  return model::test("pool: pushed work never lies beside a sleeping worker")
      .preemptions(1)
      .reorderings(1)
      .random(10'000)
      .main(argc, argv, [] {
        pool_world w;
        w.first.next = &w.second;
        w.start_threads();
        w.workers.start(w.first);
        w.stop_when_done();
      });
}
