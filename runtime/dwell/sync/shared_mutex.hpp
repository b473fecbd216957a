// shared_mutex: many readers or one writer.
//
// One line for both kinds, first come, first served: a writer waits for the readers before it and
// for no later one, so it does not starve, and the readers behind it wait for it. When the first in
// line may go on, so may the readers right behind it, if it is one itself.
//
// A writer that is called off at the head of the line may have been all that kept the readers
// behind it: its abort lets them in.
//
// Rejected: readers first (a steady stream of them starves every writer), and writers first (the
// other way round).
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

/// What shared_mutex::statistics() tells.
struct shared_mutex_statistics {
  /// A writer has it.
  bool locked = false;
  /// How many readers have it.
  std::size_t readers = 0;
  std::size_t waiters = 0;
  /// How often a writer had it, and a reader.
  std::uint64_t acquired = 0;
  std::uint64_t acquired_shared = 0;
  /// How many of these had to wait, those that still wait or were cancelled included.
  std::uint64_t contended = 0;
};

/// Many readers or one writer, first come, first served. Not recursive: a reader that reads again
/// waits for the writer in between, which waits for it.
///
/// Any thread may unlock and try. It must outlive its guards and waits, or it stops the program.
class DWELL_API shared_mutex {
  void unlock() noexcept;
  void unlock_shared() noexcept;
  class lock_wait;
  class exclusive_wait;
  class shared_wait;

 public:
  /// The writer's guard, and a reader's. The unlock is no await.
  using guard = sync::held<shared_mutex, &shared_mutex::unlock>;
  using shared_guard = sync::held<shared_mutex, &shared_mutex::unlock_shared>;

  shared_mutex() noexcept;
  shared_mutex(const shared_mutex&) = delete;
  shared_mutex& operator=(const shared_mutex&) = delete;
  ~shared_mutex();

  /// Waits until nobody else has it; gives a guard. Cancellable, without effect; but once it was
  /// handed over the await gives it, cancelled or not.
  [[nodiscard]] sync::wait_op<exclusive_wait, shared_mutex*> lock() noexcept;
  /// Waits until no writer has it or is before us; gives a shared_guard. Cancellable as lock().
  [[nodiscard]] sync::wait_op<shared_wait, shared_mutex*> lock_shared() noexcept;

  /// Locks if that needs no waiting and overtakes nobody; empty otherwise.
  [[nodiscard]] std::optional<guard> try_lock() noexcept;
  [[nodiscard]] std::optional<shared_guard> try_lock_shared() noexcept;

  /// Any thread. A picture of one moment.
  [[nodiscard]] shared_mutex_statistics statistics() const noexcept;

 private:
  // Under the lock.
  [[nodiscard]] bool take(bool exclusive) noexcept;
  [[nodiscard]] bool take_in_turn(bool exclusive) noexcept;
  void admit(sync::granted_waits& granted) noexcept;

  mutable os::lock lock_;
  bool writing_ = false;  // this and what follows: under the lock
  std::size_t readers_ = 0;
  std::uint64_t acquired_ = 0;
  std::uint64_t acquired_shared_ = 0;
  sync::wait_queue waiters_{lock_};
};

class DWELL_API shared_mutex::lock_wait : public sync::queued_wait {
 public:
  template <core::task_promise P>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<P> self) noexcept {
    return sleep(self);
  }

 protected:
  lock_wait(shared_mutex& m, bool exclusive) noexcept
      : queued_wait(exclusive ? kind : kind_shared), mutex_(m), exclusive_(exclusive) {}
  ~lock_wait() = default;

  [[nodiscard]] shared_mutex& locked() const noexcept { return mutex_; }

 private:
  friend class shared_mutex;

  [[nodiscard]] bool sleep(std::coroutine_handle<> self) noexcept;
  static bool call_off(core::wait& self) noexcept;
  static const core::wait_kind kind;
  static const core::wait_kind kind_shared;

  shared_mutex& mutex_;
  const bool exclusive_;
};

class shared_mutex::exclusive_wait final : public lock_wait {
 public:
  explicit exclusive_wait(shared_mutex* m) noexcept : lock_wait(*m, true) {}
  [[nodiscard]] guard await_resume() {
    core::finish_wait(*this);
    return guard(locked());
  }
};

class shared_mutex::shared_wait final : public lock_wait {
 public:
  explicit shared_wait(shared_mutex* m) noexcept : lock_wait(*m, false) {}
  [[nodiscard]] shared_guard await_resume() {
    core::finish_wait(*this);
    return shared_guard(locked());
  }
};

inline sync::wait_op<shared_mutex::exclusive_wait, shared_mutex*> shared_mutex::lock() noexcept {
  return sync::wait_op<exclusive_wait, shared_mutex*>(this);
}

inline sync::wait_op<shared_mutex::shared_wait, shared_mutex*>
shared_mutex::lock_shared() noexcept {
  return sync::wait_op<shared_wait, shared_mutex*>(this);
}

}  // namespace dwell::inline v0
