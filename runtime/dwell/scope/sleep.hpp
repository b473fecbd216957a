// sleep_for, sleep_until, yield_now, checkpoint: giving up the worker for a while.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>

#include <dwell/base/export.hpp>
#include <dwell/reactor/reactor.hpp>
#include <dwell/task/park.hpp>
#include <dwell/task/promise.hpp>

namespace dwell::inline v0 {

namespace scope {

/// Sleeps until a deadline on the monotonic clock. Lives in the leaf's frame.
class DWELL_API sleep_awaiter final : public core::wait {
 public:
  explicit sleep_awaiter(std::int64_t deadline_ns) noexcept
      : wait(kind), deadline_ns_(deadline_ns) {}

  static constexpr bool await_ready() noexcept { return false; }
  template <core::task_promise P>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<P> self) {
    return sleep(self);
  }
  void await_resume() { core::finish_wait(*this); }

 private:
  [[nodiscard]] bool sleep(std::coroutine_handle<> self);
  static bool call_off(core::wait& self) noexcept;
  static const core::wait_kind kind;

  reactor::timer_port* port_ = nullptr;
  union {
    std::int64_t deadline_ns_;      // before the timer is armed
    reactor::timer_ticket ticket_;  // afterwards
  };
};

/// Goes to the end of the line.
class DWELL_API yield_awaiter {
 public:
  static constexpr bool await_ready() noexcept { return false; }
  template <core::task_promise P>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<P> self) noexcept {
    leaf_ = &self.promise();
    return core::requeue(self);
  }
  void await_resume() { core::throw_if_cancelled(*leaf_); }

 private:
  core::frame_header* leaf_ = nullptr;
};

/// Throws if the scope is cancelled, and otherwise goes on at once.
class DWELL_API checkpoint_awaiter {
 public:
  static constexpr bool await_ready() noexcept { return false; }
  template <core::task_promise P>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<P> self) noexcept {
    leaf_ = &self.promise();
    return pass(self);
  }
  void await_resume() { core::throw_if_cancelled(*leaf_); }

 private:
  [[nodiscard]] static bool pass(std::coroutine_handle<> self) noexcept;

  core::frame_header* leaf_ = nullptr;
};

/// What checkpoint() returns.
class [[nodiscard("a checkpoint does nothing until it is awaited")]]
checkpoint_op{public : checkpoint_op() noexcept {} checkpoint_awaiter operator co_await()
                  const noexcept {return {};
}
};

/// What sleep_for() and sleep_until() return: a deadline, eight bytes.
class [[nodiscard("a sleep does nothing until it is awaited")]] sleep_op {
 public:
  explicit sleep_op(std::int64_t deadline_ns) noexcept : deadline_ns_(deadline_ns) {}
  sleep_awaiter operator co_await() const noexcept { return sleep_awaiter(deadline_ns_); }

 private:
  std::int64_t deadline_ns_;
};

/// What yield_now() returns.
class [[nodiscard("a yield does nothing until it is awaited")]]
yield_op{public : yield_op() noexcept {} yield_awaiter operator co_await()
             const noexcept {return {};
}
}
;

}  // namespace scope

/// Sleeps for `d`, counted from this call, never less. A duration of zero or less is one yield.
/// Cancellable: throws dwell::cancelled as soon as the scope is cancelled. No timer is rounded; how
/// late it fires is settings::timer_slack plus the scheduling of the machine. Throws
/// std::bad_alloc.
DWELL_API scope::sleep_op sleep_for(std::chrono::nanoseconds d) noexcept;

/// Sleeps until `when`; a time that has come is one yield. Otherwise as sleep_for().
DWELL_API scope::sleep_op sleep_until(std::chrono::steady_clock::time_point when) noexcept;

/// Lets other chains run: goes to the end of the line. Throws dwell::cancelled when the scope is
/// cancelled.
inline scope::yield_op yield_now() noexcept { return {}; }

/// Throws dwell::cancelled when the scope is cancelled, and otherwise goes on without waiting: for
/// long computations that would not notice. Gives up the worker only when the chain has used up its
/// turn. Costs a few nanoseconds.
inline scope::checkpoint_op checkpoint() noexcept { return {}; }

}  // namespace dwell::inline v0
