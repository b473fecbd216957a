// Two pieces of work from a foreign thread, through an injector whose queue may say "empty" though
// it is not: both workers end up with one.
#include "pool_world.hpp"

int main(int argc, char** argv) {
  return model::test("pool: outside work never lies beside a sleeping worker")
      .preemptions(1)
      .reorderings(0)
      .random(10'000)
      .main(argc, argv, [] {
        pool_world w;
        w.start_threads();
        {
          auto outside = model::spawn("submitter", [&] {
            w.workers.start(w.first);
            w.workers.start(w.second);
          });
          w.stop_when_done();
        }
      });
}
