// What a scope makes of its body's end.
#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include <dwell/scope/scope_join.hpp>
#include <dwell/task/cancelled.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0::scope {

template <class T>
struct called_off {
  using type = std::optional<T>;
};
template <class T>
struct called_off<T&> {
  using type = std::optional<std::reference_wrapper<T>>;
};
template <>
struct called_off<void> {
  using type = bool;
};

/// The result of a body that may be called off: for void, whether it ran to its end.
template <class T>
using called_off_t = typename called_off<T>::type;

/// What `co_await` of something that is no task gives.
template <class A>
using awaited_t = decltype(std::declval<A>().operator co_await().await_resume());

/// A task that awaits anything: an lvalue by reference, anything else out of its own frame.
template <class A>
task<awaited_t<A>> as_task(A source) {
  co_return co_await std::forward<A>(source);
}

/// The frame of a task that a combinator is about to run.
template <class T>
core::frame_header& body_root(const task<T>& body, const char* who) noexcept {
  if (!body) core::panic_empty_task(who);
  return core::task_access::promise_of(body);
}

/// After the body's end: whether it gave a value. False if the scope's own cancellation ended it.
/// Throws what else ended it.
template <class T>
bool ended_by_itself(const scope_join& scope, const task<T>& body) {
  const auto& result = core::task_access::promise_of(body);
  if (result.has_value()) return true;
  const bool absorbs = scope.absorbs();
  if (!result.has_error()) {  // it never started
    if (absorbs) return false;
    core::throw_cancelled();
  }
  if (absorbs && core::is_cancelled(result.error())) return false;
  std::rethrow_exception(result.error());
}

/// The value of a body that gave one.
template <class T>
T take_value_of(const task<T>& body) {
  auto& result = core::task_access::promise_of(body);
  if constexpr (std::is_reference_v<T>)
    return static_cast<T>(*result.take());
  else if constexpr (!std::is_void_v<T>)
    return result.take();
}

template <class T>
called_off_t<T> take_unless_called_off(const scope_join& scope, const task<T>& body) {
  const bool ended = ended_by_itself(scope, body);
  if constexpr (std::is_void_v<T>) {
    return ended;
  } else {
    if (!ended) return std::nullopt;
    return called_off_t<T>(take_value_of(body));
  }
}

}  // namespace dwell::inline v0::scope
