// The wake_batches that travel from the reactor to the workers and back: a fixed number, so that
// the reactor never allocates. When all are out the workers have tens of thousands of chains to
// run, and the timers that are due can wait in the wheel.
#pragma once

#include <cstddef>
#include <vector>

#include <dwell/base/atomic.hpp>
#include <dwell/task/wake_batch.hpp>

namespace dwell::inline v0::reactor {

class batch_pool {
 public:
  explicit batch_pool(std::size_t batches);

  /// The reactor: an empty batch, or null when all are out.
  [[nodiscard]] core::wake_batch* take() noexcept;

  /// The reactor: whether take() would give one.
  [[nodiscard]] bool exhausted() noexcept {
    return !free_ && !take_returned() && batches_.size() == count_;
  }

 private:
  struct pooled : core::wake_batch {
    batch_pool* home = nullptr;
  };

  static void recycle(core::wake_batch& emptied) noexcept;
  [[nodiscard]] bool take_returned() noexcept;
  [[nodiscard]] core::wake_batch& make() noexcept;

  // The reactor's. Room is there from the start, and what is never needed is never touched.
  std::vector<pooled> batches_;
  const std::size_t count_;
  core::work free_;
  base::atomic<std::uintptr_t> returned_{0};
};

}  // namespace dwell::inline v0::reactor
