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
#include <dwell/scope/spawn.hpp>
#include <dwell/task/park.hpp>

namespace dwell::inline v0 {

namespace scope {

class completion_wait;

/// The part of as_completed that does not depend on T.
class DWELL_API completion_join : public fork_join {
 public:
  /// The consumer. False: there is something to take, or nothing will come any more.
  [[nodiscard]] bool add_waiter(completion_wait& w) noexcept;
  /// True: it will not be woken.
  [[nodiscard]] bool remove_waiter(completion_wait& w) noexcept;
  /// Which child is the next that has ended; nothing when all were taken.
  [[nodiscard]] std::optional<std::uint32_t> take() noexcept;
  /// Those that were not taken, after the end.
  [[nodiscard]] std::optional<std::uint32_t> take_left_over() noexcept {
    if (taken_ == ended_.size()) return std::nullopt;
    return ended_[taken_++];
  }
  [[nodiscard]] std::size_t not_taken() const noexcept { return count_ - taken_; }

 protected:
  ~completion_join() = default;

  /// Room for `count` ends. Throws std::bad_alloc.
  void expect(std::size_t count) {
    ended_.reserve(count);
    count_ = count;
  }
  /// A child has ended, and its outcome lies in its place.
  void deliver(std::uint32_t child) noexcept;
  /// The body has ended: who is left is called off.
  void body_ended() noexcept;

 private:
  std::size_t count_ = 0;
  std::size_t taken_ = 0;  // the consumer's
  os::lock lock_;
  std::vector<std::uint32_t> ended_;   // under the lock, in order
  completion_wait* waiter_ = nullptr;  // under the lock
};

/// The outcomes of children that give a T, each in its place from its child's end on.
template <class T>
class completion_places : public completion_join {
 public:
  /// The next outcome, or nothing when all were taken.
  [[nodiscard]] std::optional<outcome<T>> take_next() {
    const std::optional<std::uint32_t> child = take();
    if (!child) return std::nullopt;
    return std::move(places_[*child].end);
  }

 protected:
  struct place {
    std::optional<outcome<T>> end;
    std::source_location where;  // the child stood last
  };

  /// Throws std::bad_alloc.
  void make_room(std::size_t count) {
    places_.resize(count);
    expect(count);
  }
  [[nodiscard]] place& at(std::uint32_t child) noexcept { return places_[child]; }

 private:
  std::vector<place> places_;
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
  explicit completion_awaiter(completion_places<T>& places) noexcept
      : completion_wait(places), places_(places) {}
  std::optional<outcome<T>> await_resume() {
    core::finish_wait(*this);
    return places_.take_next();
  }

 private:
  completion_places<T>& places_;
};

template <class T>
class completion_request {
 public:
  explicit completion_request(completion_places<T>& places) noexcept : places_(places) {}
  completion_awaiter<T> operator co_await() const noexcept {
    return completion_awaiter<T>(places_);
  }

 private:
  completion_places<T>& places_;
};

}  // namespace scope

/// The tasks of an as_completed(), for its body: it takes one end after the other. For one task at
/// a time: two that await next() at once stop the program.
template <class T>
class completions {
 public:
  explicit completions(scope::completion_places<T>& join) noexcept : join_(join) {}
  completions(const completions&) = delete;
  completions& operator=(const completions&) = delete;

  /// `co_await c.next()` waits for the next task that ends and gives its outcome, or nothing when
  /// all have been taken. Cancellable; a cancelled call has taken nothing.
  [[nodiscard]] auto next() noexcept { return scope::completion_request<T>(join_); }
  /// How many have not been taken.
  [[nodiscard]] std::size_t remaining() const noexcept { return join_.not_taken(); }

 private:
  scope::completion_places<T>& join_;
};

namespace scope {

/// Runs body and children, and waits for all. Lives in the combinator's frame.
template <class T, class F, class R>
class completion_run final : public completion_places<T> {
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
      this->make_room(tasks_.size());
      body_ = std::invoke(fn_, list_);
      if (!body_) core::panic_empty_task("as_completed");
      return this->fork(frame, static_cast<std::uint32_t>(tasks_.size()) + 1,
                        [this](std::uint32_t i) -> core::frame_header& { return root(i); });
    } catch (...) {
      refuse();
      throw;
    }
  }

  R await_resume() {
    while (const std::optional<std::uint32_t> child = this->take_left_over())
      if (const auto& left = this->at(*child); !left.end->has_value())
        report_unobserved(left.end->error(), left.where);
    if (!body_ || root(0).skipped) core::throw_cancelled();
    auto& result = core::task_access::promise_of(body_);
    if (result.has_error()) std::rethrow_exception(result.error());
    if constexpr (!std::is_void_v<R>) return take_value(core::task_access::promise_of(body_));
  }

  [[nodiscard]] core::frame_header* chain_ended(core::frame_header& root) noexcept override {
    const bool attached = root.attached;
    completion_run::take_end(root);
    return this->count(attached);
  }

  void for_each_root(core::cancel_node::root_visitor visit, void* context) noexcept override {
    visit(context, root(0));
    for (task<T>& t : tasks_)
      if (core::frame_header* const child = core::task_access::root_of(t).for_walker())
        visit(context, *child);
  }

 private:
  void take_end(core::frame_header& root) noexcept override {
    if (root.place == 0)
      this->body_ended();
    else
      child_ended(root, root.place - 1);
  }
  void child_ended(core::frame_header& root, std::uint32_t child) noexcept {
    auto& kept = this->at(child);
    kept.where = root.where;
    kept.end.emplace(core::task_access::promise_of(tasks_[child]).take_outcome());
    core::task_access::root_of(tasks_[child]).retire(*this);
    this->deliver(child);
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
