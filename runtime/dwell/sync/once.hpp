// once: a piece of work that runs to its end one time, whoever asks first.
//
//          first call              it ends
//   idle ─────────────▶ running ─────────────▶ done: everybody returns, now and for ever
//    ▲                   │    ▲
//    └───────────────────┘    └─ it throws or is cancelled, somebody waits: the first in line runs
//      it throws, nobody waits
//
// A run that fails is its own caller's failure and nobody else's; the next in line tries again.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <dwell/base/export.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/sync/wait_queue.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0 {

/// What once::statistics() tells.
struct once_statistics {
  bool done = false;
  bool running = false;
  std::size_t waiters = 0;
  /// How many runs were begun; all but the last failed.
  std::uint64_t runs = 0;
};

namespace sync {

class once_turn;

}  // namespace sync

/// Runs something once for all its callers. It must outlive the calls; one that is destroyed while
/// a task waits stops the program.
class DWELL_API once {
  class turn_wait;

 public:
  once() noexcept;
  once(const once&) = delete;
  once& operator=(const once&) = delete;
  ~once();

  /// `co_await o.call_once(fn);` returns once `fn`, which returns a task<>, has run to its end:
  /// here, or in another call, for which this one waits. What `fn` throws goes to the caller in
  /// whose call it ran; then the next in line runs its own. Cancellable: a call that waits goes
  /// without effect; one that runs cancels `fn`, and the next in line runs. Not recursive: `fn`
  /// that calls the same once waits for itself.
  template <class F>
  task<> call_once(F fn);

  /// Any thread: whether it has run to its end.
  [[nodiscard]] bool done() const noexcept;
  /// Any thread. A picture of one moment.
  [[nodiscard]] once_statistics statistics() const noexcept;

 private:
  friend class sync::once_turn;
  enum class state : std::uint8_t { idle, running, done };

  void end_turn(bool succeeded) noexcept;

  mutable os::lock lock_;
  state state_ = state::idle;  // this and what follows: under the lock
  std::uint64_t runs_ = 0;
  sync::wait_queue waiters_{lock_};
};

namespace sync {

/// The right, and the duty, to run; or nothing, when another has. Unless finish() was called it
/// passes to the next in line when it goes out of scope.
class once_turn {
 public:
  explicit once_turn(once* mine) noexcept : mine_(mine) {}
  once_turn(once_turn&& other) noexcept : mine_(std::exchange(other.mine_, nullptr)) {}
  once_turn& operator=(once_turn&&) = delete;
  ~once_turn() {
    if (mine_ != nullptr) mine_->end_turn(false);
  }

  explicit operator bool() const noexcept { return mine_ != nullptr; }
  void finish() noexcept { std::exchange(mine_, nullptr)->end_turn(true); }

 private:
  once* mine_;
};

}  // namespace sync

class DWELL_API once::turn_wait final : public sync::queued_wait {
 public:
  explicit turn_wait(once* o) noexcept : queued_wait(kind), once_(*o) {}

  template <core::task_promise P>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<P> self) noexcept {
    return sleep(self);
  }
  [[nodiscard]] sync::once_turn await_resume() {
    core::finish_wait(*this);
    return sync::once_turn(runs_ ? &once_ : nullptr);
  }

 private:
  friend class once;

  [[nodiscard]] bool sleep(std::coroutine_handle<> self) noexcept;
  [[nodiscard]] bool take() noexcept;
  static const core::wait_kind kind;

  once& once_;
  bool runs_ = false;
};

template <class F>
task<> once::call_once(F fn) {
  const sync::wait_op<turn_wait, once*> next(this);
  sync::once_turn turn = co_await next;
  if (!turn) co_return;
  co_await fn();
  turn.finish();
}

}  // namespace dwell::inline v0
