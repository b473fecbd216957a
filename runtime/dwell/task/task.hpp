// task<T>: an asynchronous function's call, not yet begun.
#pragma once

#include <coroutine>
#include <utility>

#include <dwell/base/export.hpp>
#include <dwell/task/owned_root.hpp>
#include <dwell/task/promise.hpp>

namespace dwell::inline v0 {

namespace core {

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
  task(task && other) noexcept = default;
  task& operator=(task&& other) noexcept = default;
  ~task() = default;

  void swap(task & other) noexcept { frame_.swap(other.frame_); }
  /// Whether there is a coroutine to await.
  [[nodiscard]] explicit operator bool() const noexcept { return frame_.get() != nullptr; }

 private:
  friend promise_type;
  friend class core::task_awaiter<T>;
  friend class core::task_access;

  explicit task(promise_type & p) noexcept : frame_(p) {}

  [[nodiscard]] promise_type& promise() const noexcept {
    return static_cast<promise_type&>(*frame_.get());
  }

  core::owned_root frame_;
};

namespace core {

/// For the scope layer: a task's frame, without making it everybody's business.
class task_access {
 public:
  template <class T>
  static promise<T>& promise_of(const task<T>& t) noexcept {
    return t.promise();
  }
  template <class T>
  static owned_root& root_of(task<T>& t) noexcept {
    return t.frame_;
  }
};

/// Awaits a task directly: the child joins the chain of its caller, and its end is a transfer.
template <class T>
class task_awaiter {
 public:
  explicit task_awaiter(task<T>&& child) noexcept : child_(child.frame_.release()) {
    if (child_ == nullptr) [[unlikely]]
      panic_empty_task("co_await");
  }

  static constexpr bool await_ready() noexcept { return false; }

  template <task_promise P>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<P> parent) noexcept {
    frame_header& caller = parent.promise();
    child_->continuation = &caller;
    child_->root = caller.root;
    return transfer(child_);
  }

  // The child is destroyed here rather than by a destructor of the awaiter: a frame of a million
  // nested awaits then unwinds in a loop, and the awaiter stays trivial, which GCC 12 gets right.
  T await_resume() {
    const owner child{*child_};
    auto& ended = static_cast<promise<T>&>(*child_);
    if (ended.has_error()) [[unlikely]]
      std::rethrow_exception(ended.error());
    if constexpr (std::is_reference_v<T>) {
      return static_cast<T>(*ended.take());
    } else if constexpr (!std::is_void_v<T>) {
      return ended.take();
    }
  }

 private:
  struct owner {
    frame_header& frame;
    ~owner() { frame.handle().destroy(); }
  };

  frame_header* child_;
};

template <class T>
task<T> promise<T>::get_return_object() noexcept {
  return task<T>(*this);
}

inline task<void> promise<void>::get_return_object() noexcept { return task<void>(*this); }

}  // namespace core

}  // namespace dwell::inline v0
