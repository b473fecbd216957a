// barrier: a number of tasks wait for one another, again and again.
//
// Who has arrived is who stands in the line; the last one to come lets all of it go and does not
// wait itself. So the line is empty between two generations, and an arrival that is cancelled is
// taken back by leaving the line: those who wait go on waiting for one more.
//
// Rejected: a barrier that breaks for good when one of its tasks is cancelled (Python's threading).
// Here the scope that cancels one of them knows best whether to cancel the others.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>

#include <dwell/base/export.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/sync/wait_queue.hpp>

namespace dwell::inline v0 {

/// What barrier::statistics() tells.
struct barrier_statistics {
  std::size_t parties = 0;
  /// How many have arrived in this generation.
  std::size_t waiters = 0;
  /// How often all of them met.
  std::uint64_t generations = 0;
};

/// A meeting point for `parties` tasks. It must outlive its waits; one that is destroyed while a
/// task waits stops the program.
class DWELL_API barrier {
  class meeting_wait;

 public:
  /// For at least one.
  explicit barrier(std::size_t parties) noexcept;
  barrier(const barrier&) = delete;
  barrier& operator=(const barrier&) = delete;
  ~barrier();

  /// `co_await b.arrive_and_wait();` returns once all have arrived, and tells the how manieth of
  /// its generation the caller was: 0 to parties - 1, each once. Cancellable: the arrival is taken
  /// back; but once all have arrived the await returns, cancelled or not.
  [[nodiscard]] sync::wait_op<meeting_wait, barrier*> arrive_and_wait() noexcept;

  /// Any thread. A picture of one moment.
  [[nodiscard]] barrier_statistics statistics() const noexcept;

 private:
  [[nodiscard]] bool complete(meeting_wait& last, sync::granted_waits& granted) noexcept;

  mutable os::lock lock_;
  const std::size_t parties_;
  std::uint64_t generations_ = 0;  // this and what follows: under the lock
  sync::wait_queue waiters_{lock_};
};

class DWELL_API barrier::meeting_wait final : public sync::queued_wait {
 public:
  explicit meeting_wait(barrier* b) noexcept : queued_wait(kind), barrier_(*b) {}

  template <core::task_promise P>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<P> self) noexcept {
    return sleep(self);
  }
  std::size_t await_resume() {
    core::finish_wait(*this);
    return place_;
  }

 private:
  friend class barrier;

  [[nodiscard]] bool sleep(std::coroutine_handle<> self) noexcept;
  static const core::wait_kind kind;

  barrier& barrier_;
  std::size_t place_ = 0;
};

inline sync::wait_op<barrier::meeting_wait, barrier*> barrier::arrive_and_wait() noexcept {
  return sync::wait_op<meeting_wait, barrier*>(this);
}

}  // namespace dwell::inline v0
