// as_completed: the results of several tasks in the order in which they come.
//
//   co_await as_completed(std::move(tasks), [](completions<int>& c) -> task<> {
//     while (auto next = co_await c.next()) use(next->value());
//   });
//
// Body and children are chains of one fork_join, so the children cost what gather's cost. A child
// that ends goes into a list, which is as long as there are children and thus never grows; the end
// of the body cancels the rest, and the join waits for all.
//
// A closure, not a range to iterate over as in Python: leaving the loop early must cancel what runs
// and wait for it, and in C++ the destructor of an iterator cannot wait.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <dwell/base/export.hpp>
#include <dwell/base/outcome.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/scope/children.hpp>
#include <dwell/task/park.hpp>

namespace dwell::inline v0 {

namespace scope {

class completion_wait;

/// The part of as_completed that does not depend on T.
class DWELL_API completion_join : public fork_join {
 public:
  completion_join() noexcept : fork_join(on_failure::let_them_end) {}

  [[nodiscard]] core::frame_header* chain_ended(core::frame_header& root) noexcept override;

  /// The consumer. False: there is something to take, or nothing will come any more.
  [[nodiscard]] bool add_waiter(completion_wait& w) noexcept;
  /// True: it will not be woken.
  [[nodiscard]] bool remove_waiter(completion_wait& w) noexcept;
  /// The root of the next child that has ended, or null when all were taken.
  [[nodiscard]] core::frame_header* take() noexcept;
  /// Those that were not taken, after the end.
  [[nodiscard]] core::frame_header* take_left_over() noexcept {
    return taken_ < ended_.size() ? ended_[taken_++] : nullptr;
  }
  [[nodiscard]] std::size_t not_taken() const noexcept { return count_ - taken_; }

 protected:
  ~completion_join() = default;

  /// Room for `count` ends. Throws std::bad_alloc.
  void expect(std::size_t count) {
    ended_.reserve(count);
    count_ = count;
  }
  void set_body(const core::frame_header& body) noexcept { body_ = &body; }

 private:
  void deliver(core::frame_header& root) noexcept;

  const core::frame_header* body_ = nullptr;
  std::size_t count_ = 0;
  std::size_t taken_ = 0;  // the consumer's
  os::lock lock_;
  std::vector<core::frame_header*> ended_;  // under the lock, in order
  completion_wait* waiter_ = nullptr;       // under the lock
};

/// Sleeps until a child has ended.
class DWELL_API completion_wait : public core::wait {
 public:
  explicit completion_wait(completion_join& join) noexcept : wait(kind), join_(join) {}

  // Never ready at once: a cancelled scope must show, and the turn's budget be spent.
  static constexpr bool await_ready() noexcept { return false; }
  template <core::task_promise P>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<P> self) noexcept {
    return sleep(self);
  }

 protected:
  ~completion_wait() = default;
  [[nodiscard]] completion_join& join() const noexcept { return join_; }

 private:
  [[nodiscard]] bool sleep(std::coroutine_handle<> self) noexcept;
  static bool call_off(core::wait& self) noexcept;
  static const core::wait_kind kind;

  completion_join& join_;
};

template <class T>
class completion_awaiter final : public completion_wait {
 public:
  using completion_wait::completion_wait;
  std::optional<outcome<T>> await_resume() {
    core::finish_wait(*this);
    core::frame_header* const root = join().take();
    if (root == nullptr) return std::nullopt;
    return take_outcome(static_cast<core::promise<T>&>(*root));
  }
};

template <class T>
class completion_request {
 public:
  explicit completion_request(completion_join& join) noexcept : join_(join) {}
  completion_awaiter<T> operator co_await() const noexcept { return completion_awaiter<T>(join_); }

 private:
  completion_join& join_;
};

}  // namespace scope

/// The tasks of an as_completed(), for its body: it takes one end after the other. For one task at
/// a time: two that await next() at once stop the program.
template <class T>
class completions {
 public:
  explicit completions(scope::completion_join& join) noexcept : join_(join) {}
  completions(const completions&) = delete;
  completions& operator=(const completions&) = delete;

  /// `co_await c.next()` waits for the next task that ends and gives its outcome, or nothing when
  /// all have been taken. Cancellable; a cancelled call has taken nothing.
  [[nodiscard]] auto next() noexcept { return scope::completion_request<T>(join_); }
  /// How many have not been taken.
  [[nodiscard]] std::size_t remaining() const noexcept { return join_.not_taken(); }

 private:
  scope::completion_join& join_;
};

namespace scope {

/// Runs body and children, and waits for all. Lives in the combinator's frame.
template <class T, class F, class R>
class completion_run final : public completion_join {
 public:
  completion_run(std::vector<task<T>>& tasks, F& fn) noexcept : tasks_(tasks), fn_(fn) {}

  static constexpr bool await_ready() noexcept { return false; }
  template <core::task_promise P>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<P> self) {
    core::frame_header& frame = self.promise();
    if (frame.root->joined().skips_new_chains()) {
      refuse();
      return core::transfer(&frame);
    }
    try {
      expect(tasks_.size());
      body_ = std::invoke(fn_, list_);
      if (!body_) core::panic_empty_task("as_completed");
      set_body(root(0));
      return fork(frame, count(),
                  [this](std::uint32_t i) -> core::frame_header& { return root(i); });
    } catch (...) {
      refuse();
      throw;
    }
  }

  R await_resume() {
    while (core::frame_header* const child = take_left_over())
      if (child->failed)
        report_unobserved(static_cast<core::promise<T>&>(*child).result.error(), child->where);
    if (!body_ || root(0).skipped) core::throw_cancelled();
    auto& result = core::task_access::promise_of(body_).result;
    if (result.has_error()) std::rethrow_exception(result.error());
    if constexpr (!std::is_void_v<R>) return take_value(core::task_access::promise_of(body_));
  }

  void for_each_root(root_visitor visit, void* context) noexcept override {
    for (std::uint32_t i = 0; i < count(); ++i) visit(context, root(i));
  }

 private:
  [[nodiscard]] std::uint32_t count() const noexcept {
    return static_cast<std::uint32_t>(tasks_.size()) + 1;
  }
  // The body comes first.
  [[nodiscard]] core::frame_header& root(std::uint32_t i) const noexcept {
    if (i == 0) return core::task_access::promise_of(body_);
    return core::task_access::promise_of(tasks_[i - 1]);
  }
  void refuse() noexcept {
    if (body_) root(0).skipped = true;
    for (const task<T>& t : tasks_) core::task_access::promise_of(t).skipped = true;
  }

  std::vector<task<T>>& tasks_;
  F& fn_;
  completions<T> list_{*this};
  task<R> body_;
};

template <class T, class F, class R>
class completion_op {
 public:
  completion_op(std::vector<task<T>>& tasks, F& fn) noexcept : tasks_(tasks), fn_(fn) {}
  completion_run<T, F, R> operator co_await() const noexcept {
    return completion_run<T, F, R>(tasks_, fn_);
  }

 private:
  std::vector<task<T>>& tasks_;
  F& fn_;
};

}  // namespace scope

/// Runs `tasks` and calls `fn(completions<T>&)` for a task, the body, which takes their outcomes in
/// the order in which they come; gives what the body returns, or throws what it throws.
///
/// When the body ends, the tasks that are left are cancelled; as_completed returns when all have
/// ended. A failed task fails nobody else: its error is in its outcome, and one that the body did
/// not take goes to the unobserved-error hook. A cancellation of the enclosing scope reaches body
/// and tasks. The callable lives in this task's frame until the end, so a capturing lambda is safe.
/// Throws std::bad_alloc, or what `fn` itself throws, before any task has started.
template <class T, class F>
auto as_completed(std::vector<task<T>> tasks, F fn) -> std::invoke_result_t<F&, completions<T>&> {
  using result = typename std::invoke_result_t<F&, completions<T>&>::value_type;
  for (const task<T>& t : tasks)
    if (!t) core::panic_empty_task("as_completed");
  scope::completion_op<T, F, result> run(tasks, fn);
  co_return co_await run;
}

}  // namespace dwell::inline v0
