// with_task_group: a block that does not end before the tasks that were started in it.
//
//   co_await with_task_group([](task_group& group) -> task<> {
//     group.spawn(serve());
//     group.spawn(log_to, std::string("app.log"));
//     co_await talk();
//   });
//
// What it gives, in this order:
//   1. something failed (the body, a child)              → throws exception_group of all errors
//   2. a cancellation from outside stopped something     → throws cancelled
//   3. the body returned                                 → returns what it returned
//   4. group.cancel() stopped a body of type task<void>  → returns
//   5. the body was stopped and owes a value             → throws cancelled
// So a group's own cancel() is absorbed wherever nothing is missing afterwards. A body that is to
// give a value after a cancel() returns it: nothing but an await that waits is stopped.
#pragma once

#include <coroutine>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include <dwell/base/export.hpp>
#include <dwell/scope/group_home.hpp>
#include <dwell/scope/spawn.hpp>
#include <dwell/scope/task_status.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0 {

namespace scope {
template <class F, class T>
class group_awaiter;
}  // namespace scope

/// What the body of with_task_group() starts its children with. Its members may be called by the
/// body and the children, on any thread, until the last of them has ended; afterwards they stop the
/// program.
class task_group {
 public:
  task_group() = default;
  task_group(const task_group&) = delete;
  task_group& operator=(const task_group&) = delete;

  /// Starts a child. The handle may be dropped: the group waits for the child all the same, and
  /// observes its error; joining it too gives the same error. Once the group is cancelled nothing
  /// starts any more: the task never runs, and its handle's join throws dwell::cancelled. Throws
  /// std::bad_alloc with nothing started. One allocation.
  template <class T>
  join_handle<T> spawn(task<T> body) {
    if (!body) core::panic_empty_task("task_group::spawn");
    join_handle<T> handle(new scope::spawned_task<T>(std::move(body)));
    home_.spawn(*handle.child_);
    return handle;
  }

  /// The same with a callable and its arguments, moved into the child's frame: use it wherever a
  /// lambda captures.
  template <class F, class... Args>
  requires std::is_invocable_v < std::decay_t<F>
  &, std::decay_t<Args>... > auto spawn(F&& fn, Args&&... args) {
    return spawn(scope::call<std::decay_t<F>, std::decay_t<Args>...>(std::forward<F>(fn),
                                                                     std::forward<Args>(args)...));
  }

  /// Starts a child and waits until it says that it is ready: `fn(status, args...)` gets a
  /// task_status<T>& first, and what it gives to status.started() is the result. The child goes on
  /// in the group.
  ///
  /// An error that ends the child before is thrown here and not gathered by the group; a child that
  /// ends without a word makes it throw never_started. Cancellable: a cancelled start cancels the
  /// child, which the group waits for, and throws dwell::cancelled; if the child was ready first it
  /// gives the result. Throws std::bad_alloc with nothing started.
  template <class T = void, class F, class... Args>
  task<T> start(F fn, Args... args) {
    auto block = std::make_shared<scope::start_block<T>>();
    launch(*block, scope::call_starting<T, F, Args...>(task_status<T>(block), std::move(fn),
                                                       std::move(args)...));
    try {
      scope::start_wait_request spoken(*block);
      co_await spoken;
    } catch (const dwell::cancelled&) {
      if (block->abandon()) throw;
    }
    block->rethrow();
    if constexpr (!std::is_void_v<T>) co_return std::move(*block->value);
  }

  /// Cancels the body and all children, level-triggered. No error: see the list at the top of
  /// task_group.hpp for what with_task_group() gives then. The first reason stays. Does not wait.
  void cancel(std::string reason = {}) noexcept { home_.call_off(std::move(reason)); }
  /// What cancel() was given ("cancelled" if nothing); "" as long as it was not called.
  [[nodiscard]] std::string reason() const { return home_.reason(); }
  /// Whether the group is cancelled, by cancel(), by an error or from outside: nothing starts then.
  [[nodiscard]] bool cancelled() const noexcept { return home_.cancelled(); }

 private:
  template <class F, class T>
  friend class scope::group_awaiter;

  // Nobody keeps the handle: the block must go as soon as the child has ended or was refused, since
  // that tells the starter.
  void launch(scope::start_word& word, task<> body) {
    const join_handle<> handle(new scope::spawned_task<void>(std::move(body)));
    word.set_child(*handle.child_);
    home_.spawn(*handle.child_);
  }

  scope::group_home home_;
};

namespace scope {

/// Runs the body in the group and waits for all of its tasks. Lives in the combinator's frame.
template <class F, class T>
class group_awaiter {
 public:
  group_awaiter(task_group& group, F& fn) noexcept : group_(group), fn_(fn) {}

  static constexpr bool await_ready() noexcept { return false; }

  template <core::task_promise P>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<P> self) {
    group_home& home = group_.home_;
    if (!home.open(self.promise())) return core::transfer(&self.promise());
    try {
      task<T> body = std::invoke(fn_, group_);
      if (!body) core::panic_empty_task("with_task_group");
      // Its only parameter is the group, and children often refer to what lies in it.
      body_.emplace(std::move(body), frame_goes::with_its_block);
    } catch (...) {
      return core::switch_chain(home.body_failed(std::current_exception()));
    }
    return core::switch_chain(&home.start_body(*body_));
  }

  T await_resume() {
    group_home& home = group_.home_;
    home.throw_errors();
    if (home.stopped_from_outside() || !body_) core::throw_cancelled();
    if constexpr (std::is_void_v<T>)
      if (home.called_off()) return;
    return body_->take();
  }

 private:
  task_group& group_;
  F& fn_;
  std::optional<spawned_task<T>> body_;
};

template <class F, class T>
class group_op {
 public:
  group_op(task_group& group, F& fn) noexcept : group_(group), fn_(fn) {}
  group_awaiter<F, T> operator co_await() const noexcept {
    return group_awaiter<F, T>(group_, fn_);
  }

 private:
  task_group& group_;
  F& fn_;
};

}  // namespace scope

/// Calls `fn(group)` for a task, the body, and runs it together with the children that it and they
/// start in the group. Ends when all of them have ended, never before.
///
/// The first error, of a child or the body, cancels all others; all errors are then thrown together
/// as an exception_group. A child that is only cancelled says nothing. A cancellation of the
/// enclosing scope reaches body and children; errors beat it. The callable lives in this task's
/// frame until the group has ended, so a capturing lambda is safe. Throws std::bad_alloc before the
/// body starts.
template <class F>
auto with_task_group(F fn) -> std::invoke_result_t<F&, task_group&> {
  using result = typename std::invoke_result_t<F&, task_group&>::value_type;
  task_group group;
  scope::group_op<F, result> run(group, fn);
  co_return co_await run;
}

}  // namespace dwell::inline v0
