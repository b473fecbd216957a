// mutex: one task at a time, across awaits.
//
//   free ──lock, try_lock──▶ locked ──unlock, nobody waits──▶ free
//                              │ ▲
//                              └─┘ unlock, somebody waits: the first in line has it
//
// The lock is handed over: unlock() passes it to the first in line without its being free in
// between. So nobody is overtaken, and a task that unlocks and locks in a loop goes to the end of
// the line each time. The price is a change of tasks for each hand-over while there is a line; a
// mutex that is always contended wants to be split, or its work sent to one task through a channel.
//
// Rejected: barging (whoever comes first after an unlock may have it). It is faster while contended
// and starves those who sleep, and then nobody can say how long a lock takes.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <optional>

#include <dwell/base/export.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/sync/held.hpp>
#include <dwell/sync/wait_queue.hpp>

namespace dwell::inline v0 {

/// What mutex::statistics() tells.
struct mutex_statistics {
  bool locked = false;
  std::size_t waiters = 0;
  /// How often it was locked.
  std::uint64_t acquired = 0;
  /// How many of these locks had to wait, those that still wait or were cancelled included.
  std::uint64_t contended = 0;
};

/// Mutual exclusion between tasks, first come, first served. Not recursive: a task that locks it
/// twice waits for itself, which the deadlock report shows.
///
/// Any thread may unlock and try. It must outlive its guards and waits, or it stops the program.
class DWELL_API mutex {
  void unlock() noexcept;
  class lock_wait;

 public:
  /// Unlocks when it goes out of scope; the unlock is no await.
  using guard = sync::held<mutex, &mutex::unlock>;

  mutex() noexcept;
  mutex(const mutex&) = delete;
  mutex& operator=(const mutex&) = delete;
  ~mutex();

  /// `guard g = co_await m.lock();` waits until the mutex is ours. Cancellable, without effect; but
  /// once the mutex was handed over the await gives it, cancelled or not. Constant time.
  [[nodiscard]] sync::wait_op<lock_wait, mutex*> lock() noexcept;

  /// Locks if that needs no waiting; empty otherwise.
  [[nodiscard]] std::optional<guard> try_lock() noexcept;

  /// Any thread. A picture of one moment.
  [[nodiscard]] mutex_statistics statistics() const noexcept;

 private:
  friend class condition;

  // Under the lock.
  [[nodiscard]] bool take() noexcept;
  // Locks for a wait that comes from elsewhere, now or in its turn.
  void admit(sync::queued_wait& w, sync::granted_waits& granted) noexcept;

  mutable os::lock lock_;
  bool locked_ = false;  // this and what follows: under the lock
  std::uint64_t acquired_ = 0;
  sync::wait_queue waiters_{lock_};
};

class DWELL_API mutex::lock_wait final : public sync::queued_wait {
 public:
  explicit lock_wait(mutex* m) noexcept : queued_wait(kind), mutex_(*m) {}

  template <core::task_promise P>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<P> self) noexcept {
    return sleep(self);
  }
  [[nodiscard]] guard await_resume() {
    core::finish_wait(*this);
    return guard(mutex_);
  }

 private:
  [[nodiscard]] bool sleep(std::coroutine_handle<> self) noexcept;
  static const core::wait_kind kind;

  mutex& mutex_;
};

inline sync::wait_op<mutex::lock_wait, mutex*> mutex::lock() noexcept {
  return sync::wait_op<lock_wait, mutex*>(this);
}

}  // namespace dwell::inline v0
