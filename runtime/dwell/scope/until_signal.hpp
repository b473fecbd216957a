// until_signal: a scope that a signal of the operating system cancels.
//
//   int main() { dwell::run(dwell::until_signal({SIGTERM, SIGINT}, serve())); }
//
// A scope like move_on_after(), with a signal in the place of the time. It is a word of its own
// and no setting of run(): who reads the call sees which signals the program takes, a library that
// only calls run() takes none, and the result says whether the body was called off.
#pragma once

#include <utility>

#include <dwell/base/export.hpp>
#include <dwell/os/signals.hpp>
#include <dwell/scope/called_off.hpp>
#include <dwell/scope/cancel_scope.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0 {

using os::signal_set;

namespace scope {

class DWELL_API cancel_on_signal final : private os::signal_listener {
 public:
  cancel_on_signal(cancel_scope& scope, signal_set which);
  ~cancel_on_signal();

 private:
  void on_signal(int number) noexcept override;

  cancel_scope& scope_;
  const os::signal_interest interest_;
};

// The interest lies in the scope's body, because a scope is not to be cancelled after its end.
template <class T>
task<T> cancelled_on_signal(cancel_scope& scope, signal_set which, task<T> body) {
  const cancel_on_signal cancels(scope, which);
  co_return co_await std::move(body);
}

}  // namespace scope

/// Runs `body` until it ends or one of the signals comes, which cancels it: gives std::optional<T>,
/// empty when the signal ended the body (bool for void: whether it ran to its end), as
/// move_on_after() does with a time.
///
/// The body has all the time it wants to clean up (`finally`, `shield`). Until it has ended, a
/// second signal of the set takes its default action and ends the process at once, wherever the
/// program is; the system itself counts two as one that come before the first is delivered.
/// Afterwards the signals have the effect again that they had before. What the body started with
/// dwell::spawn() is outside of the scope: run() cancels it once the body has ended.
///
/// A handler of the program's own is called first. Does not keep a deadlock from being reported:
/// the signal would only cancel. Throws std::system_error when the system has no thread to give,
/// and std::bad_alloc.
template <class T>
task<scope::called_off_t<T>> until_signal(signal_set which, task<T> body) {
  auto scoped = [which, body = std::move(body)](cancel_scope& scope) mutable {
    return scope::cancelled_on_signal(scope, which, std::move(body));
  };
  return with_cancel_scope(std::move(scoped));
}

/// The same for anything else that can be awaited.
template <core::awaitable A>
auto until_signal(signal_set which, A&& source) {
  return until_signal(which, scope::as_task<A>(std::forward<A>(source)));
}

}  // namespace dwell::inline v0
