// A whole runtime on one thread, in which the seed decides what the machine decides otherwise.
//
//     ┌──▶ take everything from the worker's queues into `ready_`
//     │         │ something is ready                     │ nothing is
//     │         ▼                                        ▼
//     │    resume one, chosen by the seed,     set the clock to the next timer or job;
//     │    for a seeded number of transfers    without one: deadlock
//     └─────────┴────────────────────────────────────────┘
//
// It is the scheduler's own worker, the reactor and the program, unchanged: gather forks on the
// worker's deque, sleeps go through the reactor's inbox and wheel. Only the loop around them is
// another. The worker's own loop would run its work in an order of its own; this one asks the
// worker for all it has and chooses itself.
//
// The budget of transfers (task/context.hpp) is the seam for yields at await points: a chain whose
// seeded budget runs out at the await of a task, or of something that need not wait, goes back
// into `ready_` like one that was stolen.
//
// Nothing in a trace depends on an address, because the second run of a seed finds another heap.
//
// Rejected: an executor of its own. Frames find the worker behind their executor to fork on, so it
// would have had to be a second scheduler. Simulation by real threads under a lock: it replays only
// where the kernel lets it.
//
// A simulation that finds no memory for its own books ends the program.
#pragma once

#include <cstdint>
#include <source_location>
#include <string>
#include <string_view>
#include <vector>

#include <dwell/engine/core_engine.hpp>
#include <dwell/reactor/reactor.hpp>
#include <dwell/scheduler/pool.hpp>
#include <dwell/sim/job_runner.hpp>
#include <dwell/sim/run.hpp>
#include <dwell/sim/source.hpp>
#include <dwell/task/background.hpp>

namespace dwell::inline v0::sim {

class world {
 public:
  /// The source must stand in for the calling thread's clock already.
  world(source& chance, const options& o);
  world(const world&) = delete;
  world& operator=(const world&) = delete;

  /// Runs the chain to its end, and then what it spawned, which is cancelled. Throws deadlock_error
  /// or limit_exceeded after everything has ended.
  void run_root(core::frame_header& root, std::source_location here);

 private:
  enum class trouble : std::uint8_t { none, deadlock, limit };

  template <class Done>
  void drive(engine::root_join& root, Done done) noexcept;
  void collect() noexcept;
  void add(core::work w) noexcept;
  void run_one() noexcept;
  void run(core::work w, std::size_t choices) noexcept;
  void resume(core::frame_header& first, std::string_view why, std::size_t choices) noexcept;
  void begin(core::frame_header& root) noexcept;
  [[nodiscard]] trouble advance_clock() noexcept;
  void call_off(engine::root_join& root, trouble why) noexcept;
  void note(std::string_view what, const std::source_location* where, std::size_t choices) noexcept;
  [[nodiscard]] bool all_ended() const noexcept;

  source& source_;
  const options options_;
  engine::bell bell_;  // nobody waits for it
  core::background background_;
  scheduler::pool pool_;
  scheduler::worker& worker_;
  reactor::reactor reactor_;
  job_runner blocking_;
  job_runner compute_;
  offload::runners runners_;
  std::vector<core::work> ready_;
  const std::int64_t ends_ns_;
  std::uint64_t steps_left_;
  trouble trouble_ = trouble::none;
  std::string report_;
};

}  // namespace dwell::inline v0::sim
