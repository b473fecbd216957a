// event and auto_reset_event: something happened.
//
//   event             unset ──set: all go on──▶ set ──reset──▶ unset     a wait at a set event: on
//   auto_reset_event  unset ──set, nobody waits──▶ set ──one wait──▶ unset
//                       └─set, somebody waits: the first in line goes on, still unset
//
// Two types and not one with a mode: whoever reads `e.wait()` has to know whether it takes the
// event away from the others.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>

#include <dwell/base/export.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/sync/wait_queue.hpp>

namespace dwell::inline v0 {

/// What event::statistics() and auto_reset_event::statistics() tell.
struct event_statistics {
  bool is_set = false;
  std::size_t waiters = 0;
  /// How often set() was called.
  std::uint64_t sets = 0;
  /// How many waits found it unset, those that still wait or were cancelled included.
  std::uint64_t contended = 0;
};

namespace sync {

/// What both kinds of event have in common.
class DWELL_API event_state {
 public:
  event_state(const event_state&) = delete;
  event_state& operator=(const event_state&) = delete;

  /// Unset: later waits wait. Any thread; no await.
  void reset() noexcept;
  /// Any thread; the answer may be old when it arrives.
  [[nodiscard]] bool is_set() const noexcept;
  /// Any thread. A picture of one moment.
  [[nodiscard]] event_statistics statistics() const noexcept;

 protected:
  explicit event_state(bool set) noexcept : set_(set) {}
  ~event_state() = default;

  mutable os::lock lock_;
  bool set_;  // this and what follows: under the lock
  std::uint64_t sets_ = 0;
  wait_queue waiters_{lock_};

 private:
  friend class event_wait;
};

class DWELL_API event_wait final : public queued_wait {
 public:
  /// `takes`: the wait leaves the event unset.
  event_wait(event_state* e, bool takes) noexcept;

  template <core::task_promise P>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<P> self) noexcept {
    return sleep(self);
  }
  void await_resume() { core::finish_wait(*this); }

 private:
  [[nodiscard]] bool sleep(std::coroutine_handle<> self) noexcept;
  static const core::wait_kind kind;
  static const core::wait_kind kind_takes;

  event_state& event_;
  const bool takes_;
};

using event_wait_op = wait_op<event_wait, event_state*, bool>;

}  // namespace sync

/// Set until it is reset; while it is set nobody waits. Any thread may set and reset. It must
/// outlive its waits; one that is destroyed while a task waits stops the program.
class DWELL_API event : public sync::event_state {
 public:
  /// Unset, unless told otherwise.
  explicit event(bool set = false) noexcept;
  ~event();

  /// Every task that waits goes on, also if it is reset before they run. Linear in their number.
  void set() noexcept;

  /// `co_await e.wait();` returns once the event is set, or was meanwhile. Cancellable, without
  /// effect.
  [[nodiscard]] sync::event_wait_op wait() noexcept { return sync::event_wait_op(this, false); }
};

/// Lets one task go on each time it is set: the first in line, or the next to come. Setting it
/// twice before anybody came counts once. Any thread may set and reset. It must outlive its waits;
/// one that is destroyed while a task waits stops the program.
class DWELL_API auto_reset_event : public sync::event_state {
 public:
  /// Unset, unless told otherwise.
  explicit auto_reset_event(bool set = false) noexcept;
  ~auto_reset_event();

  /// One task goes on. Constant time.
  void set() noexcept;

  /// `co_await e.wait();` returns once the event was set for this wait. Cancellable, without
  /// effect: what was not taken is there for the next one.
  [[nodiscard]] sync::event_wait_op wait() noexcept { return sync::event_wait_op(this, true); }
};

}  // namespace dwell::inline v0
