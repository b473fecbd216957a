// current_deadline: how much time the surrounding scopes leave.
#pragma once

#include <chrono>
#include <coroutine>
#include <cstdint>

#include <dwell/task/join.hpp>
#include <dwell/task/promise.hpp>

namespace dwell::inline v0 {

namespace scope {

/// Looks at the scope of the running chain; never waits.
class scope_look {
 public:
  static constexpr bool await_ready() noexcept { return false; }
  template <core::task_promise P>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<P> self) noexcept {
    scope_ = &self.promise().root->joined();
    return false;
  }
  /// Valid as long as the awaiting chain runs.
  [[nodiscard]] core::join& await_resume() const noexcept { return *scope_; }

 private:
  core::join* scope_ = nullptr;
};

/// `co_await own_scope{}` gives the scope of the running chain.
class [[nodiscard]] own_scope {
 public:
  own_scope() noexcept = default;
  [[nodiscard]] scope_look operator co_await() const noexcept { return {}; }
};

class deadline_look : public scope_look {
 public:
  [[nodiscard]] std::chrono::steady_clock::time_point await_resume() const noexcept {
    const std::chrono::nanoseconds when(scope_look::await_resume().effective_deadline_ns());
    return std::chrono::steady_clock::time_point(when);
  }
};

class [[nodiscard("it does nothing until it is awaited")]] deadline_op {
 public:
  deadline_op() noexcept = default;
  [[nodiscard]] deadline_look operator co_await() const noexcept { return {}; }
};

}  // namespace scope

/// `co_await current_deadline()` gives the earliest deadline of the scopes around the caller, out
/// to the next shield; time_point::max() for none. It may still be moved. Never waits, not
/// cancellable. Linear in the depth of the scopes.
inline scope::deadline_op current_deadline() noexcept { return {}; }

}  // namespace dwell::inline v0
