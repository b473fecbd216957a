// The threads behind compute(): a oneTBB arena of our own.
//
// Jobs wait in a queue here, and the arena is given one anonymous turn for each: so that a job
// which has not begun can be taken back, which nobody can do with what oneTBB holds. A turn takes
// the oldest job, or finds that somebody took it out.
//
// A job runs inside a task_group_context of its own. Whatever oneTBB algorithm it calls hangs below
// that context, and so one call cancels them all, without their knowing of Dwell.
//
// Turns enter by task_arena::enqueue and never by execute: a worker must not compute, or wait until
// the arena has room.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include <dwell/base/export.hpp>
#include <dwell/offload/job.hpp>
#include <dwell/os/lock.hpp>

namespace dwell::inline v0::offload {

/// A moment's numbers.
struct compute_load {
  std::size_t queued;   ///< jobs that have not begun
  std::size_t running;  ///< jobs that have, and have not ended
  std::uint64_t steps;  ///< beginnings and ends so far: while it stands still, nothing moves
};

class DWELL_API compute_arena final : public runner {
 public:
  /// Starts nothing yet. `threads` is how many jobs run at once.
  explicit compute_arena(unsigned threads) noexcept;
  /// Every job must have ended.
  ~compute_arena();
  compute_arena(const compute_arena&) = delete;
  compute_arena& operator=(const compute_arena&) = delete;

  void submit(job& j) noexcept override;
  [[nodiscard]] bool take_out(job& j) noexcept override;
  void interrupt(job& j) noexcept override;

  [[nodiscard]] compute_load load() noexcept;
  [[nodiscard]] unsigned threads() const noexcept { return width_; }

 private:
  struct tbb_arena;
  struct turn;

  void take_turn() noexcept;
  [[nodiscard]] bool begin(turn& t) noexcept;
  void end(turn& t) noexcept;

  const unsigned width_;
  os::lock lock_;
  // Under the lock:
  job_queue queue_;
  turn* running_ = nullptr;
  std::size_t turns_ = 0;  // given to the arena and not over
  std::size_t running_count_ = 0;
  std::uint64_t steps_ = 0;
  std::unique_ptr<tbb_arena> arena_;
};

}  // namespace dwell::inline v0::offload
