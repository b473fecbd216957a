// race: wait for the first of several tasks and call off the others.
//
// A fork_join whose first end, of whatever kind, cancels the rest. A child that was only cancelled
// has not arrived anywhere and does not win, so when everything is cancelled from outside nobody
// does, and the cancellation passes through.
#pragma once

#include <exception>
#include <optional>
#include <utility>
#include <vector>

#include <dwell/scope/children.hpp>
#include <dwell/scope/spawn.hpp>

namespace dwell::inline v0 {

namespace scope {

template <class Children>
class race_awaiter final : public children_awaiter<race_awaiter<Children>, Children> {
 public:
  using children_awaiter<race_awaiter, Children>::children_awaiter;

  typename Children::winner await_resume() {
    if (error_ != nullptr) std::rethrow_exception(std::move(error_));
    if (!winner_) core::throw_cancelled();
    return *std::move(winner_);
  }

 private:
  friend children_awaiter<race_awaiter, Children>;
  void prepare() noexcept { this->expect_cancel(); }

  void keep(core::frame_header& root) noexcept {
    std::exception_ptr error = this->error_of(root);
    if (core::is_cancelled(error)) return;
    if (!this->is_first()) return report_loser(error, root);
    error_ = std::move(error);
    if (error_ == nullptr) keep_winner(root.place);
    this->cancel(*core::current_context->exec);
  }

  void keep_winner(std::uint32_t i) noexcept {
    try {
      this->children_.keep_winner(winner_, i);
    } catch (...) {  // the value's move constructor
      error_ = std::current_exception();
    }
  }

  static void report_loser(const std::exception_ptr& error,
                           const core::frame_header& root) noexcept {
    if (error != nullptr) report_unobserved(error, root.where);
  }

  std::optional<typename Children::winner> winner_;
  std::exception_ptr error_;  // of the winner
};

}  // namespace scope

/// Runs several tasks at the same time; `co_await` gives the value of the one that ends first, as a
/// std::variant whose index() says which (std::monostate for a void task, std::reference_wrapper
/// for a reference), or throws the exception that ended it.
///
/// The others are cancelled as gather's siblings are, and have ended when race returns; what they
/// return is dropped, and an error of theirs goes to the unobserved-error hook. A task that was
/// only cancelled does not win; if no other is left, `co_await` throws cancelled. A cancellation of
/// the enclosing scope reaches every task; when one of them had won already, race gives its result.
/// Throws std::bad_alloc before any task has started.
template <class T, class... Ts>
auto race(task<T> first, task<Ts>... others) {
  using children = scope::tuple_children<T, Ts...>;
  return scope::children_op<children, scope::race_awaiter>("race", std::move(first),
                                                           std::move(others)...);
}

/// The same over tasks of one type; gives a race_winner<T>. An empty vector stops the program.
template <class T>
auto race(std::vector<task<T>> tasks) {
  if (tasks.empty())
    base::panic("race", "there are no tasks, so none can win; give it at least one");
  using children = scope::range_children<T>;
  return scope::children_op<children, scope::race_awaiter>("race", std::move(tasks));
}

}  // namespace dwell::inline v0
