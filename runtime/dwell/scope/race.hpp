// race: wait for the first of several tasks and call off the others.
//
// A fork_join whose first end, of whatever kind, cancels the rest. A child that was only cancelled
// has not arrived anywhere and does not win, so when everything is cancelled from outside nobody
// does, and the cancellation passes through.
#pragma once

#include <exception>
#include <utility>
#include <vector>

#include <dwell/scope/children.hpp>
#include <dwell/scope/spawn.hpp>

namespace dwell::inline v0 {

namespace scope {

template <class Children>
class race_awaiter final : public children_awaiter<Children> {
 public:
  explicit race_awaiter(Children& children) noexcept
      : children_awaiter<Children>(children, on_failure::let_them_end) {}

  [[nodiscard]] core::frame_header* chain_ended(core::frame_header& root) noexcept override {
    note_end(root);
    return fork_join::chain_ended(root);
  }

  typename Children::winner await_resume() {
    // relaxed: ordered by the counters.
    core::frame_header* const winner = winner_.load(base::relaxed);
    report_losers(winner);
    if (winner == nullptr) core::throw_cancelled();
    if (winner->failed) std::rethrow_exception(this->children_.error_of(*winner));
    std::uint32_t place = 0;
    while (&this->children_.root(place) != winner) ++place;
    return this->children_.take_winner(place);
  }

 private:
  void note_end(core::frame_header& root) noexcept {
    core::frame_header* none = nullptr;
    // relaxed, both: who wins is all that is decided here; the counters order the rest.
    if (root.skipped || winner_.load(base::relaxed) != nullptr || was_cancelled(root)) return;
    if (winner_.compare_exchange_strong(none, &root, base::relaxed))
      this->cancel(*core::current_context->exec);
  }

  [[nodiscard]] bool was_cancelled(const core::frame_header& root) const noexcept {
    return root.failed && core::is_cancelled(this->children_.error_of(root));
  }

  void report_losers(const core::frame_header* winner) const noexcept {
    for (std::uint32_t i = 0; i < this->children_.size(); ++i) {
      const core::frame_header& child = this->children_.root(i);
      if (child.failed && &child != winner)
        report_unobserved(this->children_.error_of(child), child.where);
    }
  }

  base::atomic<core::frame_header*> winner_{nullptr};
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
