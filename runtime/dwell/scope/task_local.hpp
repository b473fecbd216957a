// task_local: a value that everything below a task can read without being handed it.
//
// A binding is a scope (scope_join.hpp) that keeps the value; a read looks for the nearest one on
// its way up (cancel_node::find_kept). So what is bound is seen by everything that lives in that
// scope: the tasks that the body awaits, and the children of its gathers, races and task groups. A
// binding ends with its body, and costs nothing where nobody reads it: no field in any frame.
//
// What is not in the scope does not see it: a task that spawn() starts belongs to the runtime, and
// the functions that blocking() and compute() run are no tasks. Bind around such a task, and hand
// such a function the value:
//
//   spawn(with_local(request, id, work()))        blocking(fn, co_await request.get())
//
// Rejected: a copy of all bindings in each task (asyncio's way: paid for by each task that never
// reads one), and thread-locals that are swapped at each resume (paid for by each resume).
#pragma once

#include <coroutine>
#include <type_traits>
#include <utility>

#include <dwell/os/clock.hpp>
#include <dwell/scope/called_off.hpp>
#include <dwell/scope/deadline.hpp>
#include <dwell/scope/scope_join.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0 {

/// A name for a value that tasks bind and read; static, or outliving the tasks that use it. Any
/// thread. What is read is shared by all the tasks below the binding, so it is constant.
template <class T>
class task_local {
  class look;
  class get_op;

 public:
  /// `unbound` is what a read gives where nothing is bound.
  explicit task_local(T unbound = T()) : unbound_(std::move(unbound)) {}
  task_local(const task_local&) = delete;
  task_local& operator=(const task_local&) = delete;
  ~task_local() = default;

  /// `const T& v = co_await local.get();` gives what the nearest enclosing with_local() has bound.
  /// Valid until that has ended; do not hand the reference to a task that outlives it. Never waits,
  /// not cancellable. Linear in the depth of the scopes.
  [[nodiscard]] get_op get() const noexcept { return get_op(*this); }

 private:
  const T unbound_;
};

template <class T>
class task_local<T>::look : public scope::scope_look {
 public:
  explicit look(const task_local& local) noexcept : local_(local) {}
  [[nodiscard]] const T& await_resume() const noexcept {
    const void* const bound = scope_look::await_resume().find_kept(&local_);
    return bound != nullptr ? *static_cast<const T*>(bound) : local_.unbound_;
  }

 private:
  const task_local& local_;
};

template <class T>
class [[nodiscard("it does nothing until it is awaited")]] task_local<T>::get_op {
 public:
  explicit get_op(const task_local& local) noexcept : local_(local) {}
  [[nodiscard]] look operator co_await() const noexcept { return look(local_); }

 private:
  const task_local& local_;
};

namespace scope {

template <class T>
class binding_join final : public scope_join {
 public:
  binding_join(const task_local<T>& local, T& value) noexcept
      : scope_join("with_local", os::never_ns), local_(local), value_(value) {}
  [[nodiscard]] void* kept(const void* key) noexcept override {
    return key == &local_ ? &value_ : nullptr;
  }

 private:
  const task_local<T>& local_;
  T& value_;
};

}  // namespace scope

/// Runs `body` with `value` bound to `local`: gives its value, or throws what ended it. It is no
/// scope that could be cancelled by itself; cancellations from outside pass through. Throws
/// std::bad_alloc.
template <class T, class U>
task<U> with_local(const task_local<T>& local, std::type_identity_t<T> value, task<U> body) {
  scope::binding_join<T> join(local, value);
  co_await join.run(scope::body_root(body, "with_local"));
  (void)scope::ended_by_itself(join, body);  // it has no cancellation of its own
  co_return scope::take_value_of(body);
}

}  // namespace dwell::inline v0
