// task<T>: an asynchronous function's call, not yet begun.
#pragma once

#include <coroutine>
#include <utility>

#include <dwell/base/export.hpp>
#include <dwell/task/promise.hpp>

namespace dwell::inline v0 {

namespace core {

/// Reports a task that was destroyed without ever having run; see set_never_awaited_hook().
DWELL_API void destroy_unfinished(std::coroutine_handle<> frame) noexcept;

/// Stops the program: the task that `who` was given is moved-from or was awaited already.
[[noreturn]] DWELL_API void panic_empty_task(const char* who) noexcept;

}  // namespace core

/// Called with where a coroutine is written whose task was destroyed without ever having been
/// awaited, spawned or gathered. Any thread; must not throw.
using never_awaited_hook = void (*)(const std::source_location& written_at) noexcept;

/// Replaces the hook; null restores the default, which prints to stderr. Returns the previous one.
DWELL_API never_awaited_hook set_never_awaited_hook(never_awaited_hook hook) noexcept;

/// What a coroutine returns: lazy, move-only, awaited once.
///
/// Nothing runs until the task is awaited, spawned, gathered or given to run(); one that never is
/// gets reported when it is destroyed. `co_await` gives the value, or rethrows what the coroutine
/// threw. T may be a value (move-only too), a reference or void. Not thread-safe: one owner at a
/// time. Making a task costs one allocation from the frame pool.
template <class T = void>
class [[nodiscard("a task does nothing until it is awaited, spawned or gathered")]] task {
 public:
  using promise_type = core::promise<T>;
  using value_type = T;

  /// Holds no coroutine; may only be assigned to or destroyed.
  task() noexcept = default;
  task(task && other) noexcept : frame_(std::exchange(other.frame_, nullptr)) {}
  task& operator=(task&& other) noexcept {
    task(std::move(other)).swap(*this);
    return *this;
  }
  ~task() {
    if (frame_) destroy();
  }

  void swap(task & other) noexcept { std::swap(frame_, other.frame_); }
  /// Whether there is a coroutine to await.
  [[nodiscard]] explicit operator bool() const noexcept { return frame_ != nullptr; }

 private:
  friend promise_type;
  friend class core::task_awaiter<T>;
  friend class core::task_access;

  explicit task(std::coroutine_handle<promise_type> frame) noexcept : frame_(frame) {}

  void destroy() noexcept {
    if (frame_.done()) [[likely]]
      frame_.destroy();
    else
      core::destroy_unfinished(frame_);
  }

  std::coroutine_handle<promise_type> frame_;
};

namespace core {

/// For the scope layer: a task's frame, without making it everybody's business.
class task_access {
 public:
  template <class T>
  static promise<T>& promise_of(const task<T>& t) noexcept {
    return t.frame_.promise();
  }
};

/// Awaits a task directly: the child joins the chain of its caller, and its end is a transfer.
template <class T>
class task_awaiter {
 public:
  explicit task_awaiter(task<T>&& child) noexcept : child_(std::exchange(child.frame_, nullptr)) {
    if (!child_) [[unlikely]]
      panic_empty_task("co_await");
  }

  static constexpr bool await_ready() noexcept { return false; }

  template <task_promise P>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<P> parent) noexcept {
    frame_header& caller = parent.promise();
    frame_header& callee = child_.promise();
    callee.continuation = &caller;
    callee.root = caller.root;
    return transfer(&callee);
  }

  // The child is destroyed here rather than by a destructor of the awaiter: a frame of a million
  // nested awaits then unwinds in a loop, and the awaiter stays trivial, which GCC 12 gets right.
  T await_resume() {
    const owner child{child_};
    result_slot<T>& result = child_.promise().result;
    if (result.has_error()) [[unlikely]]
      std::rethrow_exception(result.error());
    if constexpr (std::is_reference_v<T>) {
      return static_cast<T>(*result.take());
    } else if constexpr (!std::is_void_v<T>) {
      return result.take();
    }
  }

 private:
  struct owner {
    std::coroutine_handle<promise<T>> frame;
    ~owner() { frame.destroy(); }
  };

  std::coroutine_handle<promise<T>> child_;
};

template <class T>
task<T> promise<T>::get_return_object() noexcept {
  return task<T>(std::coroutine_handle<promise<T>>::from_promise(*this));
}

inline task<void> promise<void>::get_return_object() noexcept {
  return task<void>(std::coroutine_handle<promise<void>>::from_promise(*this));
}

}  // namespace core

}  // namespace dwell::inline v0
