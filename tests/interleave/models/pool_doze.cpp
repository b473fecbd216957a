// A watcher goes to sleep because all workers do, while work comes from outside: as soon as a
// worker is awake the watcher is told, or it has not gone to sleep.
#include "pool_world.hpp"

namespace {

struct single final : item {
  void perform() override { ended.count_down(); }
  latch ended{1};
};

struct doze_world {
  doze_world() {
    model::per_thread(core::current_context);
    model::name(workers.idlers(), "idle");
    model::name(workers.injected(), "injector");
  }
  latch awake{1};
  pool workers{1, {}, {.on_awake = [this] { awake.count_down(); }}};
  single work;
};

}  // namespace

int main(int argc, char** argv) {
  return model::test("pool: who dozes while all sleep is told when one wakes")
      .preemptions(2)
      .reorderings(1)
      .random(10'000)
      .main(argc, argv, [] {
        doze_world w;
        w.workers.start_threads("worker");
        auto watcher = model::spawn("watcher", [&] {
          // A worker that never sleeps again is the other way out.
          if (w.workers.doze()) w.awake.wait();
        });
        w.workers.start(w.work);
        w.work.ended.wait();
        w.workers.stop_threads();  // the worker wakes for this, too
      });
}
