// The promise of task<T>: the frame header, the result, and what happens at each end of a
// coroutine.
#pragma once

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <source_location>
#include <type_traits>
#include <utility>

#include <dwell/task/context.hpp>
#include <dwell/task/frame_header.hpp>
#include <dwell/task/frame_pool.hpp>
#include <dwell/task/join.hpp>
#include <dwell/task/result.hpp>

namespace dwell::inline v0 {

template <class T>
class task;

namespace core {

template <class T>
class task_awaiter;
class task_access;

/// Something Dwell knows how to wait for: it makes its awaiter in the awaiting frame.
template <class A>
concept awaitable = requires(A&& a) {
  std::forward<A>(a).operator co_await();
};

template <class T>
inline constexpr bool is_task = false;
template <class T>
inline constexpr bool is_task<task<T>> = true;

class promise_base;

/// The promise of a coroutine that returns a dwell::task: only those have the frame header that our
/// awaiters rely on.
template <class P>
concept task_promise = std::derived_from<P, promise_base>;

/// A finished coroutine hands over to whoever waits for it: its caller or its join.
struct final_awaiter {
  static constexpr bool await_ready() noexcept { return false; }
  template <class Promise>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<Promise> self) const noexcept {
    frame_header& frame = self.promise();
    if (!frame.is_root()) [[likely]]
      return transfer(&frame.caller());
    current_context->chain = nullptr;  // its parameters go; what they spawn inherits nothing
    return switch_chain(frame.joined().chain_ended(frame));
  }
  static constexpr void await_resume() noexcept {}
};

/// All of a promise that does not depend on the result type.
class promise_base : public frame_header {
 public:
  // A default argument is evaluated in the coroutine, so this is the coroutine's own function, line
  // and file (C++20 gives a promise no way to see its caller).
  explicit promise_base(std::source_location here) noexcept : frame_header(here) {}

  static void* operator new(std::size_t bytes) { return allocate_frame(bytes); }
  static void operator delete(void* memory, std::size_t bytes) noexcept {
    deallocate_frame(memory, bytes);
  }

  static constexpr std::suspend_always initial_suspend() noexcept { return {}; }
  static constexpr final_awaiter final_suspend() noexcept { return {}; }

  template <class T>
  task_awaiter<T> await_transform(
      task<T>&& child, std::source_location here = std::source_location::current()) noexcept {
    where = here;
    return task_awaiter<T>(std::move(child));
  }
  /// Consumes a named task: afterwards it is as if moved from.
  template <class T>
  task_awaiter<T> await_transform(
      task<T>& child, std::source_location here = std::source_location::current()) noexcept {
    return await_transform(std::move(child), here);
  }

  template <class A>
  requires(!is_task<std::remove_cvref_t<A>>) auto await_transform(
      A&& source, std::source_location here = std::source_location::current()) {
    static_assert(awaitable<A>,
                  "co_await: not something Dwell can wait for. Await a dwell::task, a join_handle, "
                  "gather(...), sleep_for(...) and the like; bring a callback in through "
                  "dwell::make_oneshot<T>()");
    where = here;
    return std::forward<A>(source).operator co_await();
  }
};

template <class T>
class promise final : public result_slot<T, promise_base> {
 public:
  promise(std::source_location here = std::source_location::current()) noexcept
      : result_slot<T, promise_base>(here) {}

  task<T> get_return_object() noexcept;
  void unhandled_exception() noexcept {
    this->failed = true;
    this->fail(std::current_exception());
  }

  template <class U = T>
  requires(!std::is_reference_v<T> &&
           std::constructible_from<T, U&&>) void return_value(U&& value) {
    this->emplace(std::forward<U>(value));
  }
  void return_value(T value) requires(std::is_reference_v<T>) {
    this->emplace(std::addressof(value));
  }
};

template <>
class promise<void> final : public result_slot<void, promise_base> {
 public:
  promise(std::source_location here = std::source_location::current()) noexcept
      : result_slot(here) {}

  task<void> get_return_object() noexcept;
  void unhandled_exception() noexcept {
    failed = true;
    fail(std::current_exception());
  }
  void return_void() noexcept { emplace(); }
};

}  // namespace core

}  // namespace dwell::inline v0
