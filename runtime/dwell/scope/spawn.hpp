// spawn: a task that runs beside its parent, and the handle to join it.
//
// The child and its handle share one word. Whoever is last frees what they share:
//
//            ┌──────── a wait ──────▶ waiting (the wait's address) ──end──▶ ended, all woken
//   pending ─┼──────── end ─────────▶ ended ──handle goes──▶ freed by the handle
//            └──────── handle goes ─▶ dropped ──end──▶ freed by the child
//
// One waiter is the rule and costs no lock. Further ones stand in a list under a lock, and a bit in
// the word says so: `waiting` may be the bit alone, when the first waiter was cancelled.
//
// The child's end moves its result into what they share and destroys its frame: what a task was
// given as parameters goes when the task ends, whatever becomes of the handle.
//
// The chain belongs to a home (task/spawn_home.hpp): the runtime's background, or a task group. The
// home hears of the end twice: before it is published, for the error, and after those who wait were
// woken, so that the joiner of a failed child gets its error and not the cancellation that follows.
#pragma once

#include <coroutine>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>

#include <dwell/base/atomic.hpp>
#include <dwell/base/export.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/task/cancelled.hpp>
#include <dwell/task/outside_waker.hpp>
#include <dwell/task/park.hpp>
#include <dwell/task/spawn_home.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0 {

/// Called with the exception that ended a spawned task whose handle was dropped without a join.
/// Any thread; must not throw. Cancellations are not reported, nor are the errors of a task group's
/// children, which the group gathers.
using unobserved_error_hook = void (*)(std::exception_ptr error,
                                       const std::source_location& where) noexcept;

/// Replaces the hook; null restores the default, which prints to stderr. Returns the previous one.
DWELL_API unobserved_error_hook set_unobserved_error_hook(unobserved_error_hook hook) noexcept;

namespace scope {

/// Gives the hook an error that nobody can observe any more; a cancellation is none.
DWELL_API void report_unobserved(const std::exception_ptr& error,
                                 const std::source_location& where) noexcept;

class join_wait;

/// A spawned chain: its join, its end and the word shared with the handle.
class DWELL_API spawned : public core::join {
 public:
  /// Starts the chain on `exec`. Throws std::bad_alloc with nothing started.
  void start(core::executor& exec, core::spawn_home& home);
  /// The same on the calling worker, at once: returns the root for it to continue with. The home
  /// has counted the chain already.
  [[nodiscard]] core::frame_header& start_inline(core::executor& exec,
                                                 core::spawn_home& home) noexcept;
  /// Instead of start(): the chain never runs, and counts as cancelled.
  void refuse() noexcept;

  // ---- The handle ----
  [[nodiscard]] bool runs_in(const core::executor& exec) const noexcept { return exec_ == &exec; }
  [[nodiscard]] bool ended() const noexcept {
    return word_.load(base::acquire) ==
           has_ended;  // acquire: pairs with the release in publish_end()
  }
  /// False: it has ended.
  [[nodiscard]] bool add_waiter(join_wait& w) noexcept;
  /// True: it will not be woken.
  [[nodiscard]] bool remove_waiter(join_wait& w) noexcept;
  /// The handle goes; `observed` if it took the result.
  void drop(bool observed) noexcept;
  /// Cancels the chain. True: the first call, and it had not ended.
  bool call_off() noexcept;

  [[nodiscard]] core::frame_header* chain_ended(core::frame_header& root) noexcept final;
  [[nodiscard]] core::bindings own_bindings() const noexcept final { return inherited_; }

 protected:
  ~spawned() = default;

  // ---- What depends on the type of the result ----

  /// The chain's root, as long as it has not ended.
  [[nodiscard]] virtual core::frame_header& root() noexcept = 0;
  /// At the end: takes what the chain ended with and destroys its frame.
  virtual void keep_end() noexcept = 0;
  /// The error that the chain ended with, or null. After keep_end().
  [[nodiscard]] virtual std::exception_ptr error() const noexcept = 0;
  virtual void free() noexcept = 0;

 private:
  static constexpr std::uintptr_t pending = 0;
  static constexpr std::uintptr_t has_ended = 1;
  static constexpr std::uintptr_t dropped = 2;
  static constexpr std::uintptr_t more_bit = 4;  // waits are aligned to 8

  [[nodiscard]] bool add_first(join_wait& w) noexcept;
  [[nodiscard]] join_wait* take_more() noexcept;
  [[nodiscard]] bool leave_word(bool last) noexcept;
  void adopt(core::executor& exec, core::spawn_home& home) noexcept;
  [[nodiscard]] core::chain_end tell(core::spawn_home& home, bool skipped, bool failed) noexcept;
  [[nodiscard]] core::wait* publish_end() noexcept;
  void report_unobserved() const noexcept;

  core::executor* exec_ = nullptr;
  core::bindings inherited_;    // from the chain that spawned it
  std::source_location where_;  // the chain stood last
  base::atomic<std::uintptr_t> word_{pending};
  os::lock more_lock_;
  bool observed_ = false;  // the home took the error; before the end is published
  base::atomic<bool> called_off_{false};
  join_wait* more_ = nullptr;  // under the lock
};

/// Drops the handle's share at the end of a block.
class handle_share {
 public:
  explicit handle_share(spawned& child) noexcept : child_(child) {}
  ~handle_share() { child_.drop(true); }
  handle_share(const handle_share&) = delete;
  handle_share& operator=(const handle_share&) = delete;

 private:
  spawned& child_;
};

/// When the frame of a spawned chain is destroyed.
enum class frame_goes : bool { at_its_end, with_its_block };

/// A spawned task with its result, in one block from the frame pool.
template <class T>
class spawned_task final : public spawned {
 public:
  explicit spawned_task(task<T>&& body, frame_goes when = frame_goes::at_its_end) noexcept
      : body_(std::move(body)), frame_goes_(when) {}

  static void* operator new(std::size_t bytes) { return core::allocate_frame(bytes); }
  static void operator delete(void* memory, std::size_t bytes) noexcept {
    core::deallocate_frame(memory, bytes);
  }

  /// The handle takes the result, or throws it, and gives up its share of this block.
  T join() {
    const handle_share share(*this);
    return take();
  }
  /// After the end: the value, or throws the error.
  T take() { return *std::move(*end_); }

  void for_each_root(root_visitor visit, void* context) noexcept override {
    core::owned_root& frame = core::task_access::root_of(body_);
    if (core::frame_header* const root = frame.for_walker()) visit(context, *root);
  }

 private:
  core::frame_header& root() noexcept override { return core::task_access::promise_of(body_); }
  void keep_end() noexcept override {
    end_.emplace(core::task_access::promise_of(body_).take_outcome());
    if (frame_goes_ == frame_goes::at_its_end) core::task_access::root_of(body_).retire(*this);
  }
  std::exception_ptr error() const noexcept override { return end_->error(); }
  void free() noexcept override { delete this; }

  task<T> body_;
  const frame_goes frame_goes_;
  std::optional<outcome<T>> end_;
};

/// Sleeps until a spawned chain has ended.
class DWELL_API join_wait : public core::wait {
 public:
  explicit join_wait(spawned& child) noexcept : wait(kind), child_(child) {}

  // Never ready at once: a cancelled scope must show, and the turn's budget be spent.
  static constexpr bool await_ready() noexcept { return false; }
  template <core::task_promise P>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<P> self) noexcept {
    return sleep(self);
  }

 protected:
  ~join_wait() = default;

 private:
  friend class spawned;

  [[nodiscard]] bool sleep(std::coroutine_handle<> self) noexcept;
  // Ends the wait. Returns it if the calling worker is to see to it that its leaf runs.
  [[nodiscard]] core::wait* end() noexcept;
  static bool call_off(core::wait& self) noexcept;
  static const core::wait_kind kind;

  spawned& child_;
  core::executor* home_ = nullptr;
  // A child of another runtime: its end is a wake-up from outside.
  std::optional<core::outside_waker> outside_;
  join_wait* next_ = nullptr;  // in spawned::more_
};

/// Blocks a plain thread until a spawned chain has ended. It has no frame and no executor.
class thread_wait final : public join_wait {
 public:
  using join_wait::join_wait;
  void block() noexcept;
  void ring() noexcept;

 private:
  base::atomic<std::uint32_t> ended_{0};
};

/// Waits for the end and no more.
class end_wait_awaiter final : public join_wait {
 public:
  using join_wait::join_wait;
  void await_resume() { core::finish_wait(*this); }
};

/// Blocks the calling thread. Throws would_block_worker on a worker.
DWELL_API void block_until_ended(spawned& child);

/// Gives a spawned task to the current runtime; the caller owns a handle's share of it afterwards.
DWELL_API void start_in_current(spawned& child);

}  // namespace scope

/// The right to join a spawned task. Move-only; dropping it detaches the task: it runs on, and an
/// exception that ends it goes to the unobserved-error hook (of a task group's child: to the group,
/// which goes on waiting for it).
template <class T = void>
class join_handle {
 public:
  join_handle() noexcept = default;
  join_handle(join_handle&& other) noexcept : child_(std::exchange(other.child_, nullptr)) {}
  join_handle& operator=(join_handle&& other) noexcept {
    join_handle(std::move(other)).swap(*this);
    return *this;
  }
  ~join_handle() { detach(); }

  void swap(join_handle& other) noexcept { std::swap(child_, other.child_); }

  /// Whether there is a task to join.
  [[nodiscard]] bool joinable() const noexcept { return child_ != nullptr; }
  /// Whether the task has ended: a join would not wait.
  [[nodiscard]] bool done() const noexcept { return child_ != nullptr && child_->ended(); }

  /// Asks the task to stop: from now on each of its awaits that would have to wait throws
  /// dwell::cancelled, one that it sleeps in included; if it has not begun it never runs. The
  /// handle stays joinable: the join throws dwell::cancelled, or gives what the task returned or
  /// threw all the same. True when this was the first call and the task had not ended. Any thread;
  /// does not wait; costs a heavy fence and a visit to each chain below the task.
  bool cancel() noexcept {
    check("join_handle::cancel");
    return child_->call_off();
  }

  /// Blocks the calling thread until the task has ended, and gives its value or rethrows what ended
  /// it. For threads that are no workers: on a worker it throws would_block_worker; there it is
  /// `co_await handle`. Once, as that. Any thread; the runtime must be alive until the task ends,
  /// which its destructor sees to.
  T join() {
    check("join_handle::join");
    scope::block_until_ended(*child_);
    return std::exchange(child_, nullptr)->join();
  }

  /// Lets the task run on unobserved.
  void detach() noexcept {
    if (child_) std::exchange(child_, nullptr)->drop(false);
  }

  /// `co_await handle` waits for the end and gives the value, or rethrows what ended the task.
  /// Once: a second join stops the program. Cancellable: a cancelled join leaves the task running
  /// and the handle joinable.
  auto operator co_await() noexcept {
    check("co_await join_handle");
    return awaiter(*this);
  }

  /// `co_await handle.wait()` waits for the end without taking the result; any number of tasks may.
  /// The handle must outlive them: join it last. Cancellable, without effect.
  [[nodiscard]] auto wait() noexcept {
    check("join_handle::wait");
    return end_wait_request(*child_);
  }

 private:
  template <class U>
  friend join_handle<U> spawn(task<U> body);
  friend class runtime;
  friend class task_group;
  using child_type = scope::spawned_task<T>;

  class awaiter final : public scope::join_wait {
   public:
    explicit awaiter(join_handle& handle) noexcept : join_wait(*handle.child_), handle_(handle) {}

    T await_resume() {
      core::finish_wait(*this);
      handle_.check("co_await join_handle");  // another joined meanwhile
      return std::exchange(handle_.child_, nullptr)->join();
    }

   private:
    join_handle& handle_;
  };

  class end_wait_request {
   public:
    explicit end_wait_request(scope::spawned& child) noexcept : child_(child) {}
    scope::end_wait_awaiter operator co_await() const noexcept {
      return scope::end_wait_awaiter(child_);
    }

   private:
    scope::spawned& child_;
  };

  explicit join_handle(child_type* child) noexcept : child_(child) {}

  void check(const char* who) const noexcept {
    if (child_ == nullptr)
      base::panic(who, "joined, detached or moved from already; a task is joined once");
  }

  child_type* child_ = nullptr;
};

/// Starts a task beside the caller, in the runtime that the caller runs in.
///
/// The task belongs to the runtime: when run() ends, what is left of it is cancelled and drained.
/// Throws std::bad_alloc with nothing started. Outside a runtime it stops the program with the
/// remedy.
template <class T>
[[nodiscard("dropping a join_handle detaches the task; call detach() to say so")]] join_handle<T>
spawn(task<T> body) {
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
&, std::decay_t<Args>... >
       [[nodiscard("dropping a join_handle detaches the task; call detach() to say so")]] auto
       spawn(F&& fn, Args&&... args) {
  return spawn(scope::call<std::decay_t<F>, std::decay_t<Args>...>(std::forward<F>(fn),
                                                                   std::forward<Args>(args)...));
}

}  // namespace dwell::inline v0
