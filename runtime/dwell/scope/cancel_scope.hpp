// with_cancel_scope: a part of a program that can be called off as a whole, from inside or outside.
//
// The scope lives in the combinator's frame, and so do the callable and the body that it returns: a
// scope cannot be left open, moved to another task or outlived by its body. It converts only its
// own cancellation, never one that comes from outside.
#pragma once

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <dwell/base/export.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/scope/called_off.hpp>
#include <dwell/scope/scope_join.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0 {

/// How with_cancel_scope() begins.
struct cancel_scope_options {
  using time_point = std::chrono::steady_clock::time_point;

  /// When the scope cancels itself; time_point::max() for never. One that has passed keeps the body
  /// from starting.
  time_point deadline = time_point::max();
  /// Whether cancellations of the surroundings stay outside until the scope has ended.
  bool shield = false;
};

/// A scope that is being run by with_cancel_scope(). It lives until that has ended; whoever keeps
/// a reference must not use it afterwards.
class DWELL_API cancel_scope {
 public:
  using time_point = std::chrono::steady_clock::time_point;

  explicit cancel_scope(const cancel_scope_options& options) noexcept;
  cancel_scope(const cancel_scope&) = delete;
  cancel_scope& operator=(const cancel_scope&) = delete;

  /// Cancels everything inside: an await in progress throws dwell::cancelled at once, every later
  /// one that would wait throws too. The first reason stays. Any thread, as long as the body has
  /// not ended when it is called: the scope lives until the call returns. Only schedules, never
  /// runs user code. Costs a visit to each chain inside. (A thread that may come to cancel does not
  /// keep the deadlock report silent; something like a oneshot_sender does.)
  void cancel(std::string reason = {}) noexcept;

  /// Whether this scope was cancelled by cancel() or its deadline; not so when the cancellation
  /// came from outside. Any thread.
  [[nodiscard]] bool cancel_called() const noexcept;

  /// Why: what cancel() was given ("cancelled" if nothing), "deadline", or "" while
  /// cancel_called() is false. Any thread.
  [[nodiscard]] std::string reason() const;

  /// When the scope cancels itself, or time_point::max(). Any thread.
  [[nodiscard]] time_point deadline() const noexcept;

  /// Moves the deadline; time_point::max() takes it away, one that has passed cancels at once. No
  /// effect once the scope is cancelled. Called on a worker of the scope's runtime, anything else
  /// stops the program. Throws std::bad_alloc with the deadline as it was.
  void set_deadline(time_point when);

  /// For with_cancel_scope().
  [[nodiscard]] scope::scope_join& join() noexcept { return join_; }

 private:
  scope::scope_join join_;
  mutable os::lock lock_;
  bool asked_ = false;  // under the lock, and so is the text
  std::string text_;
};

namespace scope {

template <class F>
using scoped_task = std::invoke_result_t<F&, cancel_scope&>;

template <class F>
auto run_cancel_scope(F fn, cancel_scope_options options)
    -> task<called_off_t<typename scoped_task<F>::value_type>> {
  cancel_scope scope(options);
  auto body = std::invoke(fn, scope);
  co_await scope.join().run(body_root(body, "with_cancel_scope"));
  co_return take_unless_called_off(scope.join(), body);
}

}  // namespace scope

/// Runs `fn(scope)`, which returns a task<T>, as a scope of its own that can be cancelled.
///
/// `co_await` gives std::optional<T> (bool for void, std::optional<std::reference_wrapper<T>> for
/// T&): empty or false when the scope's own cancellation ended the body. A body that ends with a
/// value although the scope was cancelled has its value returned; its own exceptions pass through,
/// and so does a cancellation from outside, which wins over the scope's own. Begun in a cancelled
/// surrounding without a shield, or after its deadline, it never starts the body.
///
/// `fn` is moved into the combinator's frame: a capturing lambda is safe. Throws std::bad_alloc.
template <class F>
auto with_cancel_scope(F&& fn, cancel_scope_options options = {}) {
  return scope::run_cancel_scope<std::decay_t<F>>(std::forward<F>(fn), options);
}

}  // namespace dwell::inline v0
