// Threads that are none: blocking() and compute() in a simulated world.
//
// A job begins after a seeded virtual delay and ends after another, and only `width` of them are
// begun at a time, as with real threads. The function itself is called at the end of its time, on
// the simulating thread: so a cancel can meet a job that is queued, that has begun, or that has
// ended, and a function that looks at its std::stop_token sees a cancel that came while it "ran".
#pragma once

#include <cstdint>
#include <vector>

#include <dwell/offload/job.hpp>
#include <dwell/os/clock.hpp>
#include <dwell/sim/source.hpp>

namespace dwell::inline v0::sim {

class job_runner final : public offload::runner {
 public:
  /// `longest_ns`: the most that either delay takes.
  job_runner(source& chance, unsigned width, std::int64_t longest_ns) noexcept
      : source_(chance), width_(width), longest_ns_(longest_ns) {}

  void submit(offload::job& j) noexcept override;
  [[nodiscard]] bool take_out(offload::job& j) noexcept override { return queue_.remove(j); }

  /// Begins and ends what is due. Calls user code.
  void step() noexcept;
  /// When step() has something to do next, or os::never_ns.
  [[nodiscard]] std::int64_t next_event() const noexcept;

 private:
  /// A null job: the turn of whichever is the oldest in the queue.
  struct event {
    std::int64_t at_ns;
    offload::job* ends;
  };
  using events = std::vector<event>;

  void plan(offload::job* ends) noexcept { events_.push_back({source_.soon(longest_ns_), ends}); }
  [[nodiscard]] events::const_iterator first() const noexcept;
  void begin_oldest() noexcept;
  void end(offload::job& j) noexcept;

  source& source_;
  const unsigned width_;
  const std::int64_t longest_ns_;
  offload::job_queue queue_;
  unsigned running_ = 0;
  events events_;  // in the order in which they were planned
};

}  // namespace dwell::inline v0::sim
