// finally: cleanup that awaits, which C++ allows neither in a handler nor in a destructor.
#pragma once

#include <chrono>
#include <exception>
#include <functional>
#include <source_location>
#include <type_traits>
#include <utility>

#include <dwell/base/outcome.hpp>
#include <dwell/scope/called_off.hpp>
#include <dwell/scope/gather.hpp>
#include <dwell/scope/scope_join.hpp>
#include <dwell/scope/spawn.hpp>
#include <dwell/scope/timeout.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0 {

namespace scope {

template <class T, class Cleanup>
task<> begin_cleanup(Cleanup& cleanup, const outcome<T>& ended) {
  if constexpr (std::is_invocable_v<Cleanup&, const outcome<T>&>)
    return std::invoke(cleanup, ended);
  else
    return std::invoke(cleanup);
}

template <class T, class Cleanup>
task<> clean_up(Cleanup& cleanup, const outcome<T>& ended, std::chrono::nanoseconds grace) {
  scope_join join("finally", deadline_from_now(grace), shielding::shielded);
  const task<> body = begin_cleanup(cleanup, ended);
  co_await join.run(body_root(body, "finally"));
  if (!ended_by_itself(join, body)) throw_late_cleanup(grace);
}

// The body is a chain of its own only so that its end is an outcome, without a handler.
template <class T, class Cleanup>
task<T> run_finally(task<T> body, Cleanup cleanup, std::chrono::nanoseconds grace,
                    std::source_location here) {
  scope_join join("finally", os::never_ns);
  co_await join.run(body_root(body, "finally"));
  outcome<T> ended = core::task_access::promise_of(body).take_outcome();
  std::exception_ptr failed;
  try {
    co_await clean_up<T>(cleanup, ended, grace);
  } catch (...) {
    failed = std::current_exception();
  }
  if (failed != nullptr) {
    if (ended.has_value()) std::rethrow_exception(failed);
    report_unobserved(failed, here);
  }
  co_return std::move(ended).value();
}

}  // namespace scope

/// Runs `body` and then, however it ended, `cleanup`; gives the body's value or rethrows what ended
/// it.
///
/// `cleanup(const outcome<T>&)`, or `cleanup()`, returns a task<> and runs shielded, so its awaits
/// work where the body was cancelled. `grace` limits it: a cleanup that takes longer is cancelled
/// and counts as failed with timed_out. Once the returned task runs, the cleanup runs too, even if
/// a cancelled scope keeps the body from starting.
///
/// When both fail, the body's error is thrown (a cancellation is one) and the cleanup's goes to the
/// unobserved-error hook; when only the cleanup fails, its error is thrown. `cleanup` is moved into
/// the combinator's frame. Throws std::bad_alloc.
template <class T, class Cleanup>
task<T> finally(task<T> body, Cleanup cleanup,
                std::chrono::nanoseconds grace = std::chrono::seconds(5),
                std::source_location here = std::source_location::current()) {
  return scope::run_finally<T, Cleanup>(std::move(body), std::move(cleanup), grace, here);
}

/// The same with a callable that returns the body; it is moved into a frame, so a capturing lambda
/// is safe.
template <class F, class Cleanup>
requires std::is_invocable_v < std::decay_t<F>
& > auto finally(F&& body, Cleanup cleanup,
                 std::chrono::nanoseconds grace = std::chrono::seconds(5),
                 std::source_location here = std::source_location::current()) {
  return finally(scope::call<std::decay_t<F>>(std::forward<F>(body)), std::move(cleanup), grace,
                 here);
}

}  // namespace dwell::inline v0
