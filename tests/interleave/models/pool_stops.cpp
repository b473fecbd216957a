// A pool is stopped while its workers find no work and go to sleep: each of them is woken, or does
// not go to sleep.
#include "pool_world.hpp"

int main(int argc, char** argv) {
  return model::test("pool: no worker sleeps through the stop")
      .preemptions(1)
      .reorderings(1)
      .random(10'000)
      .main(argc, argv, [] {
        model::per_thread(core::current_context);
        pool workers(1, {});
        workers.start_threads("worker");
        workers.stop_threads();
      });
}
