// The children of a combinator: the tasks that gather, race and as_completed start together, where
// their results lie, and what is the same in awaiting them.
#pragma once

#include <array>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <dwell/base/outcome.hpp>
#include <dwell/scope/fork_join.hpp>
#include <dwell/task/cancelled.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0 {

namespace scope {

/// A child's place in the results: std::monostate for void, a reference_wrapper in a vector.
template <class T>
using slot_t = std::conditional_t<std::is_void_v<T>, std::monostate, T>;
template <class T>
using element_t = std::conditional_t<std::is_reference_v<T>,
                                     std::reference_wrapper<std::remove_reference_t<T>>, slot_t<T>>;

template <class T>
slot_t<T> take_value(core::promise<T>& p) {
  if constexpr (std::is_reference_v<T>)
    return static_cast<T>(*p.result.take());
  else
    return p.result.take();
}

template <class T>
outcome<T> take_outcome(core::promise<T>& p) {
  if (p.result.has_value()) return outcome<T>::success(p.result.take());
  return outcome<T>::failure(p.result.has_error() ? p.result.error() : core::cancelled_error());
}

}  // namespace scope

/// What race(range) gives: which task won, and its value (std::monostate for void, a
/// std::reference_wrapper for a reference).
template <class T>
struct race_winner {
  std::size_t index;
  scope::element_t<T> value;
};

namespace scope {

/// Children of one type, in a vector.
template <class T>
class range_children {
 public:
  using values = std::vector<element_t<T>>;
  using outcomes = std::vector<outcome<T>>;
  using winner = race_winner<T>;

  /// `who` is named when a task is empty.
  range_children(const char* who, std::vector<task<T>>&& tasks) : tasks_(std::move(tasks)) {
    for (const task<T>& t : tasks_)
      if (!t) core::panic_empty_task(who);
  }

  [[nodiscard]] std::uint32_t size() const noexcept {
    return static_cast<std::uint32_t>(tasks_.size());
  }
  [[nodiscard]] core::frame_header& root(std::uint32_t i) const noexcept { return promise(i); }

  [[nodiscard]] bool was_cancelled(std::uint32_t i) const noexcept {
    const core::frame_header& child = root(i);
    return child.failed && core::is_cancelled(error_of(child));
  }
  /// The exception of the child with this root.
  [[nodiscard]] std::exception_ptr error_of(const core::frame_header& root) const noexcept {
    return static_cast<const core::promise<T>&>(root).result.error();
  }

  /// Room for the results, before any child runs. Throws std::bad_alloc.
  void reserve_values() { values_.reserve(tasks_.size()); }
  void reserve_outcomes() { outcomes_.reserve(tasks_.size()); }

  [[nodiscard]] values take_values() {
    take_each(values_, [](core::promise<T>& p) -> element_t<T> { return take_value(p); });
    return std::move(values_);
  }
  [[nodiscard]] outcomes take_outcomes() {
    take_each(outcomes_, [](core::promise<T>& p) { return take_outcome(p); });
    return std::move(outcomes_);
  }
  [[nodiscard]] winner take_winner(std::uint32_t i) { return {i, take_value(promise(i))}; }

 private:
  [[nodiscard]] core::promise<T>& promise(std::size_t i) const noexcept {
    return core::task_access::promise_of(tasks_[i]);
  }

  // A result is taken and its frame freed in one visit, with the frames to come prefetched: at a
  // hundred thousand children each of them is a cache miss.
  template <class Results, class Take>
  void take_each(Results& all, Take take_one) {
    constexpr std::size_t ahead = 8;
    for (std::size_t i = 0; i < tasks_.size(); ++i) {
      if (i + ahead < tasks_.size()) __builtin_prefetch(&promise(i + ahead));
      all.push_back(take_one(promise(i)));
      tasks_[i] = {};
    }
  }

  std::vector<task<T>> tasks_;
  values values_;
  outcomes outcomes_;
};

/// Children that are arguments.
template <class... Ts>
class tuple_children {
 public:
  using values = std::tuple<slot_t<Ts>...>;
  using outcomes = std::tuple<outcome<Ts>...>;
  using winner = std::variant<element_t<Ts>...>;

  explicit tuple_children(const char* who, task<Ts>&&... tasks) : tasks_(std::move(tasks)...) {
    const bool all =
        std::apply([](const auto&... t) { return (static_cast<bool>(t) && ...); }, tasks_);
    if (!all) core::panic_empty_task(who);
    roots_ = std::apply(
        [](const auto&... t) {
          return std::array<core::frame_header*, sizeof...(Ts)>{
              &core::task_access::promise_of(t)...};
        },
        tasks_);
  }

  [[nodiscard]] static constexpr std::uint32_t size() noexcept { return sizeof...(Ts); }
  [[nodiscard]] core::frame_header& root(std::uint32_t i) const noexcept { return *roots_[i]; }

  [[nodiscard]] bool was_cancelled(std::uint32_t i) const noexcept {
    const core::frame_header& child = root(i);
    return child.failed && core::is_cancelled(error_of(child));
  }
  /// The exception of the child with this root.
  [[nodiscard]] std::exception_ptr error_of(const core::frame_header& root) const noexcept {
    std::exception_ptr error;
    const auto look = [&](const auto& t) {
      auto& p = core::task_access::promise_of(t);
      if (&p == &root) error = p.result.error();
    };
    std::apply([&](const auto&... t) { (look(t), ...); }, tasks_);
    return error;
  }

  static constexpr void reserve_values() noexcept {}
  static constexpr void reserve_outcomes() noexcept {}

  [[nodiscard]] values take_values() {
    return std::apply(
        [](auto&... t) { return values{take_value(core::task_access::promise_of(t))...}; }, tasks_);
  }
  [[nodiscard]] outcomes take_outcomes() {
    return std::apply(
        [](auto&... t) { return outcomes{take_outcome(core::task_access::promise_of(t))...}; },
        tasks_);
  }
  [[nodiscard]] winner take_winner(std::uint32_t i) {
    return take_winner(i, std::index_sequence_for<Ts...>());
  }

 private:
  template <std::size_t... Is>
  winner take_winner(std::size_t which, std::index_sequence<Is...>) {
    std::optional<winner> taken;
    const auto take_if = [&]<std::size_t I>(std::integral_constant<std::size_t, I>) {
      if (I == which)
        taken.emplace(std::in_place_index<I>,
                      take_value(core::task_access::promise_of(std::get<I>(tasks_))));
    };
    (take_if(std::integral_constant<std::size_t, Is>()), ...);
    return std::move(*taken);
  }

  std::tuple<task<Ts>...> tasks_;
  std::array<core::frame_header*, sizeof...(Ts)> roots_;
};

/// Runs the children and waits for all of them. Lives in the awaiting frame.
template <class Children>
class children_awaiter : public fork_join {
 public:
  children_awaiter(Children& children, on_failure policy) noexcept
      : fork_join(policy), children_(children) {}

  [[nodiscard]] bool await_ready() const noexcept { return children_.size() == 0; }

  template <core::task_promise P>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<P> parent) {
    core::frame_header& frame = parent.promise();
    if (frame.root->joined().skips_new_chains()) {
      refuse();
      return core::transfer(&frame);
    }
    try {
      prepare();
      return fork(frame, children_.size(),
                  [this](std::uint32_t i) -> core::frame_header& { return children_.root(i); });
    } catch (...) {
      refuse();
      throw;
    }
  }

  void for_each_root(root_visitor visit, void* context) noexcept final {
    for (std::uint32_t i = 0; i < children_.size(); ++i) visit(context, children_.root(i));
  }

 protected:
  ~children_awaiter() = default;

  /// Room for the results, before any child runs. Throws std::bad_alloc.
  virtual void prepare() {}

  // A cancellation from outside that came after the last child had ended changes nothing. The flags
  // that made a child skip never go back, so they still show.
  void throw_if_incomplete() const {
    if (!skips_new_chains() && !refused_) return;
    for (std::uint32_t i = 0; i < children_.size(); ++i)
      if (children_.root(i).skipped || children_.was_cancelled(i)) core::throw_cancelled();
  }

  Children& children_;

 private:
  // The enclosing scope is cancelled already, or there is no memory: no child starts.
  void refuse() noexcept {
    refused_ = true;
    for (std::uint32_t i = 0; i < children_.size(); ++i) children_.root(i).skipped = true;
  }

  bool refused_ = false;
};

/// What gather() and race() return: holds the tasks until it is awaited.
template <class Children, template <class> class Awaiter>
class [[nodiscard("it does nothing until it is awaited")]] children_op {
 public:
  template <class... Args>
  explicit children_op(Args && ... args) : children_(std::forward<Args>(args)...) {}

  Awaiter<Children> operator co_await()&& noexcept { return Awaiter<Children>(children_); }

 private:
  Children children_;
};

}  // namespace scope

}  // namespace dwell::inline v0
