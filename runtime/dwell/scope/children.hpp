// The children of a combinator: the tasks that gather, race and as_completed start together, where
// their results go, and what is the same in awaiting them.
//
// A child's result is taken when it ends, on its worker, and then its frame is destroyed: what it
// was given as parameters (the end of a channel, say) goes when it ends and not when the last of
// its siblings does, and a frame is freed where it is still in the cache.
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
#include <dwell/scope/slots.hpp>
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
    return static_cast<T>(*p.take());
  else
    return p.take();
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
  using values = slots<element_t<T>>;
  using outcomes = slots<outcome<T>>;
  using winner = race_winner<T>;

  /// `who` is named when a task is empty.
  range_children(const char* who, std::vector<task<T>>&& tasks) : tasks_(std::move(tasks)) {
    for (const task<T>& t : tasks_)
      if (!t) core::panic_empty_task(who);
  }

  [[nodiscard]] std::uint32_t size() const noexcept {
    return static_cast<std::uint32_t>(tasks_.size());
  }
  /// Before it starts.
  [[nodiscard]] core::frame_header& root(std::uint32_t i) const noexcept {
    return core::task_access::promise_of(tasks_[i]);
  }
  template <class Visit>
  void for_each_root(Visit visit) noexcept {
    for (task<T>& t : tasks_)
      if (core::frame_header* const root = core::task_access::root_of(t).for_walker()) visit(*root);
  }

  // ---- The i-th child has ended ----

  /// Calls `f` with its promise.
  template <class F>
  void with_promise(std::uint32_t i, F f) {
    f(core::task_access::promise_of(tasks_[i]));
  }
  void retire(std::uint32_t i, core::cancel_node& scope) noexcept {
    core::task_access::root_of(tasks_[i]).retire(scope);
  }

  // ---- Results ----

  template <class Slots>
  void make_room(Slots& all) const {
    all.make_room(tasks_.size());
  }
  void keep_value(values& all, std::uint32_t i) {
    with_promise(i, [&](core::promise<T>& p) { all.put(i, take_value(p)); });
  }
  void keep_outcome(outcomes& all, std::uint32_t i) {
    with_promise(i, [&](core::promise<T>& p) { all.put(i, p.take_outcome()); });
  }
  [[nodiscard]] static auto take_values(values& all) { return all.take(); }
  [[nodiscard]] static auto take_outcomes(outcomes& all) { return all.take(); }
  void keep_winner(std::optional<winner>& won, std::uint32_t i) {
    with_promise(i, [&](core::promise<T>& p) { won.emplace(winner{i, take_value(p)}); });
  }

 private:
  std::vector<task<T>> tasks_;
};

/// Children that are arguments.
template <class... Ts>
class tuple_children {
 public:
  using values = std::tuple<std::optional<element_t<Ts>>...>;
  using outcomes = std::tuple<std::optional<outcome<Ts>>...>;
  using winner = std::variant<element_t<Ts>...>;

  explicit tuple_children(const char* who, task<Ts>&&... tasks)
      : roots_{std::move(core::task_access::root_of(tasks))...} {
    for (const core::owned_root& root : roots_)
      if (root.get() == nullptr) core::panic_empty_task(who);
  }

  [[nodiscard]] static constexpr std::uint32_t size() noexcept { return sizeof...(Ts); }
  [[nodiscard]] core::frame_header& root(std::uint32_t i) const noexcept {
    return *roots_[i].get();
  }
  template <class Visit>
  void for_each_root(Visit visit) noexcept {
    for (core::owned_root& one : roots_)
      if (core::frame_header* const root = one.for_walker()) visit(*root);
  }

  template <class F>
  void with_promise(std::uint32_t i, F f) {
    at(i, [&](auto which) { f(promise<which()>()); });
  }
  void retire(std::uint32_t i, core::cancel_node& scope) noexcept { roots_[i].retire(scope); }

  template <class Slots>
  static constexpr void make_room(Slots&) noexcept {}
  void keep_value(values& all, std::uint32_t i) {
    at(i, [&](auto which) { std::get<which()>(all).emplace(take_value(promise<which()>())); });
  }
  void keep_outcome(outcomes& all, std::uint32_t i) {
    at(i, [&](auto which) { std::get<which()>(all).emplace(promise<which()>().take_outcome()); });
  }
  [[nodiscard]] static auto take_values(values& all) {
    return std::apply([](auto&... one) { return std::tuple<slot_t<Ts>...>(*std::move(one)...); },
                      all);
  }
  [[nodiscard]] static auto take_outcomes(outcomes& all) {
    return std::apply([](auto&... one) { return std::tuple<outcome<Ts>...>(*std::move(one)...); },
                      all);
  }
  void keep_winner(std::optional<winner>& won, std::uint32_t i) {
    at(i, [&](auto which) {
      won.emplace(std::in_place_index<which()>, take_value(promise<which()>()));
    });
  }

 private:
  // Calls `f` with i as a constant.
  template <class F>
  static void at(std::uint32_t i, F f) {
    const auto each = [&]<std::size_t... Is>(std::index_sequence<Is...>) {
      ((i == Is ? f(std::integral_constant<std::size_t, Is>()) : void()), ...);
    };
    each(std::index_sequence_for<Ts...>());
  }
  template <std::size_t I>
  [[nodiscard]] auto& promise() const noexcept {
    using result = std::tuple_element_t<I, std::tuple<std::type_identity<Ts>...>>::type;
    return static_cast<core::promise<result>&>(*roots_[I].get());
  }

  std::array<core::owned_root, sizeof...(Ts)> roots_;
};

/// Runs the children and waits for all of them. Lives in the awaiting frame. `Self` derives from it
/// and has a `keep(root)`, called for each child that ran, at its end: it takes what the child has
/// ended with.
template <class Self, class Children>
class children_awaiter : public fork_join {
 public:
  explicit children_awaiter(Children& children) noexcept : children_(children) {}

  [[nodiscard]] bool await_ready() const noexcept { return children_.size() == 0; }

  template <core::task_promise P>
  std::coroutine_handle<> await_suspend(std::coroutine_handle<P> parent) {
    core::frame_header& frame = parent.promise();
    if (frame.root->joined().skips_new_chains()) {
      refuse();
      return core::transfer(&frame);
    }
    try {
      static_cast<Self*>(this)->prepare();
      return fork(frame, children_.size(),
                  [this](std::uint32_t i) -> core::frame_header& { return children_.root(i); });
    } catch (...) {
      refuse();
      throw;
    }
  }

  [[nodiscard]] core::frame_header* chain_ended(core::frame_header& root) noexcept final {
    const bool attached = root.attached;
    collect(root);
    return count(attached);
  }

  void for_each_root(root_visitor visit, void* context) noexcept final {
    children_.for_each_root([=](core::frame_header& root) { visit(context, root); });
  }

 protected:
  ~children_awaiter() = default;

  /// What ended the child with this root, or null.
  [[nodiscard]] std::exception_ptr error_of(const core::frame_header& root) {
    std::exception_ptr error;
    if (root.failed) [[unlikely]]
      children_.with_promise(root.place, [&](const auto& p) { error = p.error(); });
    return error;
  }

  Children& children_;

 private:
  void take_end(core::frame_header& root) noexcept final { collect(root); }

  // Inline in chain_ended(), the end of every child; take_end() is for those that are skipped.
  [[gnu::always_inline]] void collect(core::frame_header& root) noexcept {
    const std::uint32_t i = root.place;
    if (root.skipped) [[unlikely]]
      note_skipped();
    else
      static_cast<Self*>(this)->keep(root);
    children_.retire(i, *this);
  }

  // The enclosing scope is cancelled already, or there is no memory: no child starts.
  void refuse() noexcept {
    note_skipped();
    for (std::uint32_t i = 0; i < children_.size(); ++i) children_.root(i).skipped = true;
  }
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
