// map_limited: a task for each element, at most so many at a time.
//
// `limit` lanes run in a gather. Each takes the next element, makes its task, awaits it and puts
// the result in its place: a task's frame exists only while it is in flight, and failure,
// cancellation and draining are gather's.
//
// Rejected: a semaphore before each of n tasks (n frames at once, and a wait for each).
#pragma once

#include <algorithm>
#include <cstddef>
#include <exception>
#include <functional>
#include <iterator>
#include <memory>
#include <optional>
#include <ranges>
#include <type_traits>
#include <utility>
#include <vector>

#include <dwell/base/atomic.hpp>
#include <dwell/base/outcome.hpp>
#include <dwell/base/panic.hpp>
#include <dwell/scope/gather.hpp>
#include <dwell/scope/sleep.hpp>
#include <dwell/task/cancelled.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0 {

namespace scope {

/// Something whose elements several lanes may look up at once.
template <class R>
concept mappable = std::ranges::random_access_range<R> && std::ranges::sized_range<R>;

template <class R, class F>
using mapped_task = std::invoke_result_t<const F&, std::ranges::range_reference_t<R>>;
template <class R, class F>
using mapped_t = typename mapped_task<R, F>::value_type;

/// What the lanes share; in the combinator's frame.
template <class R, class F, class Result>
struct lanes_state {
  lanes_state(R& range, const F& fn)
      : first(std::ranges::begin(range)),
        count(std::ranges::size(range)),
        call(fn),
        places(count) {}

  /// The next element's place, or `count`.
  [[nodiscard]] std::size_t admit() noexcept {
    // relaxed: a number for each; the gather orders the rest.
    return std::min<std::size_t>(next.fetch_add(1, base::relaxed), count);
  }
  /// No element is admitted any more.
  void close() noexcept { next.store(count, base::relaxed); }  // relaxed: a hint in time

  [[nodiscard]] auto make(std::size_t i) {
    return std::invoke(call, first[static_cast<std::ranges::range_difference_t<R>>(i)]);
  }
  template <class Element>
  [[nodiscard]] std::vector<Element> take() {
    std::vector<Element> all;
    all.reserve(count);
    for (std::optional<Result>& one : places) all.push_back(std::move(*one));
    return all;
  }

  std::ranges::iterator_t<R> first;
  const std::size_t count;
  const F& call;
  base::atomic<std::size_t> next{0};
  std::vector<std::optional<Result>> places;
};

// However a lane ends, by an error or for want of elements, the others shall begin no more.
template <class State>
class closing {
 public:
  explicit closing(State& state) noexcept : state_(state) {}
  ~closing() { state_.close(); }
  closing(const closing&) = delete;
  closing& operator=(const closing&) = delete;

 private:
  State& state_;
};

template <class T, class State>
task<> run_lane(State& state) {
  const closing<State> at_end(state);
  for (std::size_t i; (i = state.admit()) < state.count;) {
    co_await checkpoint();
    task<T> one = state.make(i);
    if constexpr (std::is_void_v<T>) {
      co_await std::move(one);
      state.places[i].emplace();
    } else if constexpr (std::is_reference_v<T>) {
      T value = co_await std::move(one);
      state.places[i].emplace(value);
    } else {
      state.places[i].emplace(co_await std::move(one));
    }
  }
}

// A failure becomes an outcome. So does a cancellation, unless it is the scope's.
template <class T, class F, class Element>
task<outcome<T>> settle(const F& fn, Element element) {
  std::exception_ptr error;
  try {
    task<T> one = std::invoke(fn, std::forward<Element>(element));
    if constexpr (std::is_void_v<T>) {
      co_await std::move(one);
      co_return outcome<T>::success({});
    } else if constexpr (std::is_reference_v<T>) {
      T value = co_await std::move(one);
      co_return outcome<T>::success(std::addressof(value));
    } else {
      co_return outcome<T>::success(co_await std::move(one));
    }
  } catch (...) {
    error = std::current_exception();
  }
  if (core::is_cancelled(error)) co_await checkpoint();
  co_return outcome<T>::failure(std::move(error));
}

template <class State>
auto gather_lanes(State& state, std::size_t limit, task<> (*lane)(State&)) {
  std::vector<task<>> lanes;
  lanes.reserve(std::min(limit, state.count));
  while (lanes.size() < lanes.capacity()) lanes.push_back(lane(state));
  return gather(std::move(lanes));
}

inline void check_limit(const char* who, std::size_t limit) noexcept {
  if (limit == 0) base::panic(who, "a limit of 0 lets nothing run; give it at least 1");
}

}  // namespace scope

/// Calls `fn(element)` for a task for each element of `range`, with at most `limit` > 0 of them in
/// flight, and gives their results in the order of the elements (std::monostate for void,
/// std::reference_wrapper for references).
///
/// An element's task is made when its turn comes, in the order of the range; what it does about
/// time starts then. `fn` is const and may be called by several workers at once; range and callable
/// live in this task's frame, so a capturing lambda and parameters by reference are safe. On the
/// first failure no further task is made, those in flight are cancelled and waited for, and the
/// exception that came first is thrown. A cancellation of the enclosing scope does the same and
/// throws cancelled. Throws std::bad_alloc. A limit of 0 stops the program.
template <class R, class F>
requires scope::mappable<R>
auto map_limited(R range, std::size_t limit, F fn)
    -> task<std::vector<scope::element_t<scope::mapped_t<R, F>>>> {
  using value = scope::mapped_t<R, F>;
  using element = scope::element_t<value>;
  using state_type = scope::lanes_state<R, F, element>;
  scope::check_limit("map_limited", limit);
  state_type state(range, fn);
  auto lanes = scope::gather_lanes(state, limit, &scope::run_lane<value, state_type>);
  co_await std::move(lanes);
  co_return state.template take<element>();
}

/// The same, and every task ends: gives an outcome for each. Only a cancellation of the enclosing
/// scope makes it throw.
template <class R, class F>
requires scope::mappable<R>
auto map_limited_settled(R range, std::size_t limit, F fn)
    -> task<std::vector<outcome<scope::mapped_t<R, F>>>> {
  using value = scope::mapped_t<R, F>;
  using reference = std::ranges::range_reference_t<R>;
  const auto settled = [&fn](reference element) {
    return scope::settle<value, F, reference>(fn, std::forward<reference>(element));
  };
  using state_type = scope::lanes_state<R, decltype(settled), outcome<value>>;
  scope::check_limit("map_limited_settled", limit);
  state_type state(range, settled);
  auto lanes = scope::gather_lanes(state, limit, &scope::run_lane<outcome<value>, state_type>);
  co_await std::move(lanes);
  co_return state.template take<outcome<value>>();
}

}  // namespace dwell::inline v0
