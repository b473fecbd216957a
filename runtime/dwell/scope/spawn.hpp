// spawn: a task that runs beside its parent, and the handle to join it.
//
// The child and its handle share one word. Whoever is last frees what they share:
//
//            ┌──────── join ────────▶ waiting (the waiter's address) ──end──▶ ended, waiter woken
//   pending ─┼──────── end ─────────▶ ended ──handle goes──▶ freed by the handle
//            └──────── handle goes ─▶ dropped ──end──▶ freed by the child
#pragma once

#include <coroutine>
#include <cstdint>
#include <exception>
#include <functional>
#include <type_traits>
#include <utility>

#include <dwell/base/atomic.hpp>
#include <dwell/base/export.hpp>
#include <dwell/task/background.hpp>
#include <dwell/task/cancelled.hpp>
#include <dwell/task/park.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0 {

/// Called with the exception that ended a spawned task whose handle was dropped without a join.
/// On a worker; must not throw. Cancellations are not reported.
using unobserved_error_hook = void (*)(std::exception_ptr error,
                                       const std::source_location& where) noexcept;

/// Replaces the hook; null restores the default, which prints to stderr. Returns the previous one.
DWELL_API unobserved_error_hook set_unobserved_error_hook(unobserved_error_hook hook) noexcept;

namespace scope {

class join_wait;

/// A spawned chain: its join, its frame and the word shared with the handle.
class DWELL_API spawned : public core::join {
 public:
  using free_function = void (*)(spawned&) noexcept;
  using error_function = std::exception_ptr (*)(const spawned&) noexcept;

  spawned(core::frame_header& root, free_function free, error_function error) noexcept
      : root_(root), free_(free), error_(error) {}

  /// Starts the chain on `exec`. Throws std::bad_alloc with nothing started.
  void start(core::executor& exec, core::background& home);

  // ---- The handle ----
  [[nodiscard]] bool ended() const noexcept {
    return word_.load(base::acquire) == ended_;  // acquire: pairs with the release in chain_ended()
  }
  /// False: it has ended.
  [[nodiscard]] bool add_waiter(join_wait& w) noexcept;
  /// True: it will not be woken.
  [[nodiscard]] bool remove_waiter(join_wait& w) noexcept;
  /// The handle goes; `observed` if it took the result.
  void drop(bool observed) noexcept;

  [[nodiscard]] core::frame_header* chain_ended(core::frame_header& root) noexcept final;
  void for_each_root(root_visitor visit, void* context) noexcept final { visit(context, root_); }

 protected:
  ~spawned() = default;

 private:
  static constexpr std::uintptr_t pending = 0;
  static constexpr std::uintptr_t ended_ = 1;
  static constexpr std::uintptr_t dropped = 2;

  void report_unobserved() const noexcept;

  core::frame_header& root_;
  const free_function free_;
  const error_function error_;
  base::atomic<std::uintptr_t> word_{pending};
};

/// A spawned task with its result, in one block from the frame pool.
template <class T>
class spawned_task final : public spawned {
 public:
  explicit spawned_task(task<T>&& body) noexcept
      : spawned(core::task_access::promise_of(body), &spawned_task::destroy, &spawned_task::error),
        body_(std::move(body)) {}

  static void* operator new(std::size_t bytes) { return core::allocate_frame(bytes); }
  static void operator delete(void* memory, std::size_t bytes) noexcept {
    core::deallocate_frame(memory, bytes);
  }

  T take() {
    auto& result = core::task_access::promise_of(body_).result;
    if (result.has_error()) std::rethrow_exception(result.error());
    if (!result.has_value()) core::throw_cancelled();
    if constexpr (std::is_reference_v<T>)
      return static_cast<T>(*result.take());
    else if constexpr (!std::is_void_v<T>)
      return result.take();
  }

 private:
  static void destroy(spawned& self) noexcept { delete static_cast<spawned_task*>(&self); }
  static std::exception_ptr error(const spawned& self) noexcept {
    const auto& result =
        core::task_access::promise_of(static_cast<const spawned_task&>(self).body_).result;
    return result.has_error() ? result.error() : nullptr;
  }

  task<T> body_;
};

/// Sleeps until a spawned chain has ended.
class DWELL_API join_wait : public core::wait {
 public:
  explicit join_wait(spawned& child) noexcept : wait(kind), child_(child) {}

  [[nodiscard]] bool await_ready() const noexcept { return child_.ended() && core::spend_budget(); }
  [[nodiscard]] bool await_suspend(std::coroutine_handle<> self) noexcept;

  [[nodiscard]] core::executor& home() const noexcept { return *home_; }

 protected:
  ~join_wait() = default;

 private:
  static bool call_off(core::wait& self) noexcept;
  static const core::wait_kind kind;

  spawned& child_;
  core::executor* home_ = nullptr;
};

/// Gives a spawned task to the current runtime; the caller owns a handle's share of it afterwards.
DWELL_API void start_in_current(spawned& child);

}  // namespace scope

/// The right to join a spawned task. Move-only; dropping it detaches the task: it runs on, and an
/// exception that ends it goes to the unobserved-error hook.
template <class T = void>
class [[nodiscard(
    "dropping a join_handle detaches the task; call detach() to say so")]] join_handle {
 public:
  join_handle() noexcept = default;
  join_handle(join_handle && other) noexcept : child_(std::exchange(other.child_, nullptr)) {}
  join_handle& operator=(join_handle&& other) noexcept {
    join_handle(std::move(other)).swap(*this);
    return *this;
  }
  ~join_handle() { detach(); }

  void swap(join_handle & other) noexcept { std::swap(child_, other.child_); }

  /// Whether there is a task to join.
  [[nodiscard]] bool joinable() const noexcept { return child_ != nullptr; }
  /// Whether the task has ended: a join would not wait.
  [[nodiscard]] bool done() const noexcept { return child_ != nullptr && child_->ended(); }

  /// Lets the task run on unobserved.
  void detach() noexcept {
    if (child_) std::exchange(child_, nullptr)->drop(false);
  }

  /// `co_await handle` waits for the end and gives the value, or rethrows what ended the task.
  /// Once: a second join stops the program. Cancellable: a cancelled join leaves the task running
  /// and the handle joinable.
  auto operator co_await() noexcept {
    if (!child_) core::panic_empty_task("co_await join_handle");
    return awaiter(*this);
  }

 private:
  template <class U>
  friend join_handle<U> spawn(task<U> body);
  friend class runtime;

  class awaiter final : public scope::join_wait {
   public:
    explicit awaiter(join_handle& handle) noexcept : join_wait(*handle.child_), handle_(handle) {}

    T await_resume() {
      core::finish_wait(*this);
      struct release {
        scope::spawned_task<T>* child;
        ~release() { child->drop(true); }
      } const owner{std::exchange(handle_.child_, nullptr)};
      return owner.child->take();
    }

   private:
    join_handle& handle_;
  };

  explicit join_handle(scope::spawned_task<T> * child) noexcept : child_(child) {}

  scope::spawned_task<T>* child_ = nullptr;
};

/// Starts a task beside the caller, in the runtime that the caller runs in.
///
/// The task belongs to the runtime: when run() ends, what is left of it is cancelled and drained.
/// Throws std::bad_alloc with nothing started. Outside a runtime it stops the program with the
/// remedy.
template <class T>
join_handle<T> spawn(task<T> body) {
  if (!body) core::panic_empty_task("spawn");
  join_handle<T> handle(new scope::spawned_task<T>(std::move(body)));
  scope::start_in_current(*handle.child_);
  return handle;
}

namespace scope {

template <class F, class... Args>
using task_of = std::invoke_result_t<F, Args...>;

// The child's own frame holds the callable and its arguments, so a capturing lambda is safe here.
template <class F, class... Args>
task<typename task_of<F, Args...>::value_type> call(F fn, Args... args) {
  using result = typename task_of<F, Args...>::value_type;
  task<result> body = std::invoke(fn, std::move(args)...);
  co_return co_await std::move(body);
}

}  // namespace scope

/// spawn(fn, args...): moves the callable and its arguments into the child's frame and calls it
/// there. Use it wherever a lambda captures: a lambda coroutine refers to its captures, not copies
/// of them.
template <class F, class... Args>
requires std::is_invocable_v < std::decay_t<F>
&, std::decay_t<Args>... > auto spawn(F&& fn, Args&&... args) {
  return spawn(scope::call<std::decay_t<F>, std::decay_t<Args>...>(std::forward<F>(fn),
                                                                   std::forward<Args>(args)...));
}

}  // namespace dwell::inline v0
