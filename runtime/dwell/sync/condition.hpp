// condition: wait, with a mutex unlocked meanwhile, until somebody says that the state has changed.
//
//              wait: unlocks                 notify, or a cancel
//   locked ───────────────────▶ in our line ────────────────────▶ in the mutex's line ──▶ locked
//
// A wait is one sleep: whoever notifies it moves it from our line to that of the mutex (or hands it
// the mutex, if that is free), and the unlock that comes to it wakes it. So a task never wakes only
// to find the mutex locked, and notify_all() starts no stampede.
//
// A cancel does the same and leaves a note: the task gets the mutex back like any other, and then
// throws. Its abort therefore says no (the wake is certain to come: an unlock's). A wait that was
// notified first returns as if there had been no cancel; so a notification is never lost.
//
// Our lock is taken before the mutex's own, never the other way round.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <dwell/base/export.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/sync/mutex.hpp>
#include <dwell/sync/wait_queue.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0 {

/// What condition::statistics() tells.
struct condition_statistics {
  /// Those that nobody has notified yet.
  std::size_t waiters = 0;
  std::uint64_t waits = 0;
  /// How many waits were notified.
  std::uint64_t notified = 0;
};

/// A condition variable for tasks. There are no wake-ups without a cause; but the state may have
/// changed again by the time the mutex is ours, so wait in a loop or with a predicate.
///
/// Any thread may notify, with or without the mutex. It must outlive its waits; one that is
/// destroyed while a task waits stops the program.
class DWELL_API condition {
  class notified_wait;

 public:
  condition() noexcept;
  condition(const condition&) = delete;
  condition& operator=(const condition&) = delete;
  ~condition();

  /// `co_await c.wait(guard);` unlocks, waits for a notification and locks again. The guard must
  /// hold its mutex, and does so again afterwards, in any case. Cancellable: throws
  /// dwell::cancelled once it has the mutex back, and has taken no notification.
  [[nodiscard]] sync::wait_op<notified_wait, condition*, mutex::guard*> wait(
      mutex::guard& held) noexcept;

  /// Waits until `holds()` is true, which is asked under the mutex, first of all before the first
  /// wait. Throws what it throws. Otherwise as wait().
  template <class Predicate>
  task<> wait(mutex::guard& held, Predicate holds) {
    while (!holds()) co_await wait(held);
  }

  /// Notifies the wait that is first in line, if there is one; no await. Constant time.
  void notify_one() noexcept;
  /// Notifies all that wait now; no await. Linear in their number.
  void notify_all() noexcept;

  /// Any thread. A picture of one moment.
  [[nodiscard]] condition_statistics statistics() const noexcept;

 private:
  void notify(std::size_t at_most) noexcept;

  mutable os::lock lock_;
  std::uint64_t notified_ = 0;  // this and what follows: under the lock
  sync::wait_queue waiters_{lock_};
};

class DWELL_API condition::notified_wait final : public sync::queued_wait {
 public:
  notified_wait(condition* c, mutex::guard* held) noexcept;

  template <core::task_promise P>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<P> self) noexcept {
    return sleep(self);
  }
  void await_resume();

 private:
  friend class condition;

  [[nodiscard]] bool sleep(std::coroutine_handle<> self) noexcept;
  // Under the condition's lock: into the line of the mutex.
  void return_to_mutex(sync::granted_waits& granted) noexcept;
  static bool call_off(core::wait& self) noexcept;
  static const core::wait_kind kind;

  condition& condition_;
  mutex& mutex_;
  // In the condition's line, under the condition's lock. Not queued_wait's own flag: in the line of
  // the mutex that one belongs to the lock of the mutex.
  bool waiting_ = false;
  bool called_off_ = false;  // written with waiting_, read by the sleeper when it runs again
};

inline sync::wait_op<condition::notified_wait, condition*, mutex::guard*> condition::wait(
    mutex::guard& held) noexcept {
  return sync::wait_op<notified_wait, condition*, mutex::guard*>(this, &held);
}

}  // namespace dwell::inline v0
