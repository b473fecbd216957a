// gather: wait for several tasks at once.
#pragma once

#include <exception>
#include <utility>
#include <vector>

#include <dwell/scope/children.hpp>

namespace dwell::inline v0 {

namespace scope {

template <class Children>
class gather_values final : public children_awaiter<Children> {
 public:
  explicit gather_values(Children& children) noexcept
      : children_awaiter<Children>(children, on_failure::cancel_siblings) {}

  typename Children::values await_resume() {
    if (core::frame_header* const failed = this->first_failed())
      std::rethrow_exception(this->children_.error_of(*failed));
    this->throw_if_incomplete();
    return this->children_.take_values();
  }

 private:
  void prepare() override { this->children_.reserve_values(); }
};

template <class Children>
class gather_outcomes final : public children_awaiter<Children> {
 public:
  explicit gather_outcomes(Children& children) noexcept
      : children_awaiter<Children>(children, on_failure::let_them_end) {}

  typename Children::outcomes await_resume() {
    this->throw_if_incomplete();
    return this->children_.take_outcomes();
  }

 private:
  void prepare() override { this->children_.reserve_outcomes(); }
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
