// task_local: a value that everything below a task can read without being handed it.
//
// A binding (task/binding.hpp) hangs at the scope of the body that it was made for
// (scope_join.hpp); a read goes up to the nearest one. So what is bound is seen by everything that
// lives in that scope: the tasks that the body awaits, and the children of its gathers, races and
// task groups. A task that is spawned takes along what is bound where spawn() is called, as with
// asyncio's contexts, and so do the functions of blocking() and compute(). What a task binds
// itself, its parent never sees.
//
// Rejected: a copy of all bindings in each task (asyncio's way: paid for by each task that never
// reads one), and thread-locals that are swapped at each resume (paid for by each resume).
#pragma once

#include <coroutine>
#include <memory>
#include <type_traits>
#include <utility>

#include <dwell/base/panic.hpp>
#include <dwell/os/clock.hpp>
#include <dwell/scope/called_off.hpp>
#include <dwell/scope/deadline.hpp>
#include <dwell/scope/scope_join.hpp>
#include <dwell/task/binding.hpp>
#include <dwell/task/context.hpp>
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
  /// Valid as long as the reading task runs, and its with_local(). Never waits, not cancellable.
  /// Linear in the depth of the scopes.
  [[nodiscard]] get_op get() const noexcept { return get_op(*this); }

  /// The same for a function that blocking() or compute() runs, on its own thread: not in what
  /// oneTBB spreads over others. On a thread that runs no such function it gives what a read gives
  /// where nothing is bound; in a coroutine it stops the program, for that is what get() is for.
  [[nodiscard]] const T& in_function() const noexcept {
    if (core::current_context != nullptr)
      base::panic("task_local::in_function", "called in a coroutine; write co_await local.get()");
    const core::binding* const seen = core::function_bindings;
    return or_unbound(seen != nullptr ? seen->find(this) : nullptr);
  }

 private:
  [[nodiscard]] const T& or_unbound(const void* bound) const noexcept {
    return bound != nullptr ? *static_cast<const T*>(bound) : unbound_;
  }

  const T unbound_;
};

template <class T>
class task_local<T>::look : public scope::scope_look {
 public:
  explicit look(const task_local& local) noexcept : local_(local) {}
  [[nodiscard]] const T& await_resume() const noexcept {
    const core::bindings seen = scope_look::await_resume().visible_bindings();
    return local_.or_unbound(seen != nullptr ? seen->find(&local_) : nullptr);
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
class bound_value final : public core::binding {
 public:
  bound_value(const task_local<T>& local, T&& value, core::bindings outer)
      : binding(&local, &value_, std::move(outer)), value_(std::move(value)) {}

 private:
  const T value_;
};

class binding_join final : public scope_join {
 public:
  explicit binding_join(core::bindings bound) noexcept
      : scope_join("with_local", os::never_ns), bound_(std::move(bound)) {}
  [[nodiscard]] core::bindings own_bindings() const noexcept override { return bound_; }

 private:
  const core::bindings bound_;
};

}  // namespace scope

/// Runs `body` with `value` bound to `local`: gives its value, or throws what ended it. It is no
/// scope that could be cancelled by itself; cancellations from outside pass through. The value
/// lives until nobody that inherited it is left. Throws std::bad_alloc.
template <class T, class U>
task<U> with_local(const task_local<T>& local, std::type_identity_t<T> value, task<U> body) {
  auto bound =
      std::make_shared<scope::bound_value<T>>(local, std::move(value), core::running_bindings());
  scope::binding_join join(std::move(bound));
  co_await join.run(scope::body_root(body, "with_local"));
  (void)scope::ended_by_itself(join, body);  // it has no cancellation of its own
  co_return scope::take_value_of(body);
}

}  // namespace dwell::inline v0
