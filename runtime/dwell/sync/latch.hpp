// latch: counts down to zero once, and stays there.
//
// Counting down is no await, so any thread may do it; a barrier (barrier.hpp) is for tasks
// that meet again and again.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>

#include <dwell/base/export.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/sync/wait_queue.hpp>

namespace dwell::inline v0 {

/// What latch::statistics() tells.
struct latch_statistics {
  std::size_t remaining = 0;
  std::size_t waiters = 0;
  /// How many waits came before zero, those that still wait or were cancelled included.
  std::uint64_t contended = 0;
};

/// Lets tasks wait until something was done a number of times. It must outlive its waits; one that
/// is destroyed while a task waits stops the program.
class DWELL_API latch {
  class zero_wait;

 public:
  explicit latch(std::size_t count) noexcept;
  latch(const latch&) = delete;
  latch& operator=(const latch&) = delete;
  ~latch();

  /// Any thread; no await. Below zero stops the program. Linear in those who wait, at zero.
  void count_down(std::size_t n = 1) noexcept;

  /// `co_await l.wait();` returns once the count is zero. Cancellable, without effect.
  [[nodiscard]] sync::wait_op<zero_wait, latch*> wait() noexcept;

  /// Any thread: whether the count is zero.
  [[nodiscard]] bool done() const noexcept;
  /// Any thread. A picture of one moment.
  [[nodiscard]] latch_statistics statistics() const noexcept;

 private:
  mutable os::lock lock_;
  std::size_t remaining_;  // this and what follows: under the lock
  sync::wait_queue waiters_{lock_};
};

class DWELL_API latch::zero_wait final : public sync::queued_wait {
 public:
  explicit zero_wait(latch* l) noexcept : queued_wait(kind), latch_(*l) {}

  template <core::task_promise P>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<P> self) noexcept {
    return sleep(self);
  }
  void await_resume() { core::finish_wait(*this); }

 private:
  [[nodiscard]] bool sleep(std::coroutine_handle<> self) noexcept;
  static const core::wait_kind kind;

  latch& latch_;
};

inline sync::wait_op<latch::zero_wait, latch*> latch::wait() noexcept {
  return sync::wait_op<zero_wait, latch*>(this);
}

}  // namespace dwell::inline v0
