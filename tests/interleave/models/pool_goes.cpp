// A thread that is not ours submits a piece of work, which ends at once, and the pool with it: the
// pool stays until that thread has left it.
#include <optional>

#include "pool_world.hpp"

namespace {

struct single final : item {
  void perform() override { ended.count_down(); }
  latch ended{1};
};

}  // namespace

int main(int argc, char** argv) {
  return model::test("pool: it does not go while a submitter is inside")
      .preemptions(1)
      .reorderings(1)
      .random(10'000)
      .main(argc, argv, [] {
        model::per_thread(core::current_context);
        single work;
        std::optional<pool> workers(std::in_place, 1, dwell::scheduler::tuning{});
        workers->start_threads("worker");
        auto outside = model::spawn("submitter", [&] { workers->start(work); });
        work.ended.wait();
        workers->stop_threads();
        workers.reset();
      });
}
