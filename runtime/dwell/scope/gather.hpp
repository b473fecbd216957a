// gather: wait for several tasks at once.
#pragma once

#include <exception>
#include <utility>
#include <vector>

#include <dwell/scope/children.hpp>

namespace dwell::inline v0 {

namespace scope {

template <class Children>
class gather_values final : public children_awaiter<gather_values<Children>, Children> {
 public:
  using children_awaiter<gather_values, Children>::children_awaiter;

  auto await_resume() {
    if (error_ != nullptr) std::rethrow_exception(std::move(error_));
    if (this->any_skipped()) core::throw_cancelled();
    return this->children_.take_values(values_);
  }

 private:
  friend children_awaiter<gather_values, Children>;
  void prepare() { this->children_.make_room(values_); }

  void keep(core::frame_header& root) noexcept {
    if (root.failed) [[unlikely]]
      return keep_error(root);
    try {
      this->children_.keep_value(values_, root.place);
    } catch (...) {  // the value's move constructor
      fail(std::current_exception());
    }
  }

  [[gnu::cold]] void keep_error(const core::frame_header& root) noexcept {
    fail(this->error_of(root));
  }
  [[gnu::cold]] void fail(std::exception_ptr error) noexcept {
    if (this->is_first()) error_ = std::move(error);
    this->cancel(*core::current_context->exec, core::cancel_reason::failure);
  }

  typename Children::values values_;
  std::exception_ptr error_;  // of the child that failed first
};

template <class Children>
class gather_outcomes final : public children_awaiter<gather_outcomes<Children>, Children> {
 public:
  using children_awaiter<gather_outcomes, Children>::children_awaiter;

  // A cancellation from outside that came after the last child had ended changes nothing. The flags
  // that made a child stop never go back, so they still show.
  auto await_resume() {
    // relaxed: ordered by the counters.
    const bool stopped = stopped_.load(base::relaxed) && this->skips_new_chains();
    if (stopped || this->any_skipped()) core::throw_cancelled();
    return this->children_.take_outcomes(outcomes_);
  }

 private:
  friend children_awaiter<gather_outcomes, Children>;
  void prepare() { this->children_.make_room(outcomes_); }

  void keep(core::frame_header& root) noexcept {
    if (root.failed && core::is_cancelled(this->error_of(root)))
      stopped_.store(true, base::relaxed);  // relaxed: ordered by the counters
    this->children_.keep_outcome(outcomes_, root.place);
  }

  typename Children::outcomes outcomes_;
  base::atomic<bool> stopped_{false};  // a child ended by a cancellation
};

}  // namespace scope

/// Runs several tasks at the same time; `co_await` gives their results as a tuple in the order of
/// the arguments (std::monostate for a void task).
///
/// On the first failure the others are cancelled: one that has not started never runs, one that
/// sleeps wakes at once, one that runs sees it at its next await. gather always waits for all of
/// them, and then rethrows the exception that came first. (asyncio leaves the others running.)
/// A cancellation of the enclosing scope reaches every child; `co_await` then throws cancelled.
///
/// Costs no lock and, where no child is stolen or sleeps, no atomic read-modify-write per child.
/// Throws std::bad_alloc before any child has started. Children that have not started run on the
/// same worker in the order of the arguments; others may steal them.
template <class... Ts>
auto gather(task<Ts>... tasks) {
  using children = scope::tuple_children<Ts...>;
  return scope::children_op<children, scope::gather_values>("gather", std::move(tasks)...);
}

/// The same over a range of one type; gives a vector (of std::monostate for void tasks, of
/// std::reference_wrapper for references).
template <class T>
auto gather(std::vector<task<T>> tasks) {
  using children = scope::range_children<T>;
  return scope::children_op<children, scope::gather_values>("gather", std::move(tasks));
}

/// gather that lets every child end: an outcome for each, value or exception, in order. Only a
/// cancellation of the enclosing scope makes it throw.
template <class... Ts>
auto gather_settled(task<Ts>... tasks) {
  using children = scope::tuple_children<Ts...>;
  return scope::children_op<children, scope::gather_outcomes>("gather", std::move(tasks)...);
}

/// The same over a range.
template <class T>
auto gather_settled(std::vector<task<T>> tasks) {
  using children = scope::range_children<T>;
  return scope::children_op<children, scope::gather_outcomes>("gather", std::move(tasks));
}

}  // namespace dwell::inline v0
