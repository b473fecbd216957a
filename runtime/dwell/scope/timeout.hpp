// timeout, timeout_at, move_on_after, idle_timeout: scopes that cancel themselves.
//
// The limit counts from when the returned task begins to run, not from the call: a task made early
// and admitted late has its whole time. Only the scope whose own deadline passed converts the
// cancellation; in nested timeouts the inner one lets the outer's pass.
#pragma once

#include <chrono>
#include <functional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>

#include <dwell/base/export.hpp>
#include <dwell/os/clock.hpp>
#include <dwell/scope/called_off.hpp>
#include <dwell/scope/scope_join.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0 {

/// A time limit passed before what it limits had ended; what() names the limit.
class DWELL_API timed_out : public std::runtime_error {
 public:
  explicit timed_out(const std::string& what);
  ~timed_out() override;
};

/// What the body of idle_timeout() calls whenever it got further.
class progress {
 public:
  progress(scope::scope_join& scope, std::chrono::nanoseconds limit) noexcept
      : scope_(scope), limit_(limit) {}
  progress(const progress&) = delete;
  progress& operator=(const progress&) = delete;

  /// The limit counts anew from here. Any thread, while the body runs; costs a look at the clock
  /// and a store. Comes too late once the limit has passed.
  void operator()() noexcept { scope_.push_deadline(os::deadline_after(os::now_ns(), limit_)); }

 private:
  scope::scope_join& scope_;
  const std::chrono::nanoseconds limit_;
};

namespace scope {

[[noreturn]] DWELL_API void throw_timed_out(std::chrono::nanoseconds limit);
[[noreturn]] DWELL_API void throw_idle(std::chrono::nanoseconds limit);
[[noreturn]] DWELL_API void throw_late_cleanup(std::chrono::nanoseconds grace);
[[noreturn]] DWELL_API void throw_deadline_passed();

inline std::int64_t deadline_from_now(std::chrono::nanoseconds limit) noexcept {
  return os::deadline_after(os::now_ns(), limit);
}

template <class F>
using idle_task = std::invoke_result_t<F&, progress&>;

template <class F>
auto run_idle_timeout(std::chrono::nanoseconds limit, F fn)
    -> task<typename idle_task<F>::value_type> {
  scope_join join("idle_timeout", deadline_from_now(limit));
  progress pushes(join, limit);
  auto body = std::invoke(fn, pushes);
  co_await join.run(body_root(body, "idle_timeout"));
  if (!ended_by_itself(join, body)) throw_idle(limit);
  co_return take_value_of(body);
}

}  // namespace scope

/// Runs `body` for `limit` at most: gives its value, or throws timed_out, which names the limit,
/// after the body has been cancelled and has ended.
///
/// A limit of zero or less never starts the body. A result that comes at the same moment wins, and
/// so does an exception of the body's own; a body that swallows the cancellation and returns has
/// its value returned. A cancellation from outside passes through as dwell::cancelled. Throws
/// std::bad_alloc. No allocation beyond the returned task: the timer lives in its frame.
template <class T>
task<T> timeout(std::chrono::nanoseconds limit, task<T> body) {
  scope::scope_join join("timeout", scope::deadline_from_now(limit));
  co_await join.run(scope::body_root(body, "timeout"));
  if (!scope::ended_by_itself(join, body)) scope::throw_timed_out(limit);
  co_return scope::take_value_of(body);
}

/// The same for anything else that can be awaited: a gather, a join_handle (one that is named must
/// outlive the task; the task that it joins runs on).
template <core::awaitable A>
auto timeout(std::chrono::nanoseconds limit, A&& source) {
  return timeout(limit, scope::as_task<A>(std::forward<A>(source)));
}

/// timeout() until a point in time.
template <class T>
task<T> timeout_at(std::chrono::steady_clock::time_point when, task<T> body) {
  using std::chrono::nanoseconds;
  scope::scope_join join("timeout_at",
                         std::chrono::duration_cast<nanoseconds>(when.time_since_epoch()).count());
  co_await join.run(scope::body_root(body, "timeout_at"));
  if (!scope::ended_by_itself(join, body)) scope::throw_deadline_passed();
  co_return scope::take_value_of(body);
}

/// The same for anything else that can be awaited.
template <core::awaitable A>
auto timeout_at(std::chrono::steady_clock::time_point when, A&& source) {
  return timeout_at(when, scope::as_task<A>(std::forward<A>(source)));
}

/// timeout() that goes on instead of throwing: gives std::optional<T>, empty when the time was over
/// (bool for void: whether the body ran to its end).
template <class T>
task<scope::called_off_t<T>> move_on_after(std::chrono::nanoseconds limit, task<T> body) {
  scope::scope_join join("move_on_after", scope::deadline_from_now(limit));
  co_await join.run(scope::body_root(body, "move_on_after"));
  co_return scope::take_unless_called_off(join, body);
}

/// The same for anything else that can be awaited.
template <core::awaitable A>
auto move_on_after(std::chrono::nanoseconds limit, A&& source) {
  return move_on_after(limit, scope::as_task<A>(std::forward<A>(source)));
}

/// Runs `fn(progress)`, which returns a task<T>, as long as it keeps calling `progress()`: throws
/// timed_out when `limit` passes without a call. For streams that may fall silent. Otherwise as
/// timeout(); `fn` is moved into the combinator's frame.
template <class F>
auto idle_timeout(std::chrono::nanoseconds limit, F&& fn) {
  return scope::run_idle_timeout<std::decay_t<F>>(limit, std::forward<F>(fn));
}

}  // namespace dwell::inline v0
