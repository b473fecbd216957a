// shield: what must run to its end.
#pragma once

#include <utility>

#include <dwell/os/clock.hpp>
#include <dwell/scope/called_off.hpp>
#include <dwell/scope/scope_join.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0 {

/// Runs `body` out of reach of cancellations from outside, and gives its value or throws what ended
/// it, even where the surrounding scope is cancelled already.
///
/// Such a cancellation is not lost: the next await after the shield throws. Scopes inside the
/// shield can be cancelled as ever. Waits for the body, always (asyncio's shield leaves it running
/// behind the caller's back). A deadlock alone goes through shields. Throws std::bad_alloc.
template <class T>
task<T> shield(task<T> body) {
  scope::scope_join join("shield", os::never_ns, scope::shielding::shielded);
  co_await join.run(scope::body_root(body, "shield"));
  (void)scope::ended_by_itself(join, body);  // it has no cancellation of its own
  co_return scope::take_value_of(body);
}

/// The same for anything else that can be awaited.
template <core::awaitable A>
auto shield(A&& source) {
  return shield(scope::as_task<A>(std::forward<A>(source)));
}

}  // namespace dwell::inline v0
