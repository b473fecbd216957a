// Templates around coroutines: what GCC before 13 gets wrong in overload choice and deduction.
// Constraint subsumption in coroutine_traits (libfork works around it), a lambda coroutine inside
// a generic lambda with deduced types (PR 112341), parameter packs in a coroutine's frame.
#include <concepts>
#include <tuple>

#include "harness.hpp"
#include "tasks.hpp"

namespace {
using namespace torture;

template <class... T>
task<int> sum(T... values) {
  co_return (values + ...);
}
template <class... T>
task<int> sum_awaited(task<T>... tasks) {
  int total = 0;
  ((total += co_await tasks), ...);
  co_return total;
}
template <class... T>
task<std::tuple<T...>> gather(task<T>... tasks) {
  std::tuple<T...> all;
  const auto store = [&]<std::size_t... I>(std::index_sequence<I...>)->task<> {
    ((std::get<I>(all) = co_await tasks), ...);
  };
  const auto indices = std::index_sequence_for<T...>{};
  co_await store(indices);
  co_return all;
}
auto nested_generic() {
  return [](auto value) -> task<int> {
    const auto inner = [&]<class U>(U second) {
      return [](auto a, auto b) -> task<int> { co_return a + b; }(value, second);
    };
    co_return co_await inner(3);
  };
}

template <class T>
concept number = std::integral<T>;
template <class T>
concept small_number = number<T> && sizeof(T) == 1;
struct choosing {
  struct promise_type {
    int chosen = 0;
    choosing get_return_object() noexcept {
      return {std::coroutine_handle<promise_type>::from_promise(*this)};
    }
    std::suspend_never initial_suspend() noexcept { return {}; }
    std::suspend_always final_suspend() noexcept { return {}; }
    void return_void() noexcept {}
    void unhandled_exception() noexcept { std::terminate(); }
    template <number T>
    std::suspend_never await_transform(T) noexcept {
      chosen += 1;
      return {};
    }
    template <small_number T>
    std::suspend_never await_transform(T) noexcept {
      chosen += 10;
      return {};
    }
  };
  std::coroutine_handle<promise_type> handle;
};
choosing choose() {
  co_await 1;
  co_await 'c';
}
}

CASE(relied, packs) {
  CHECK(run(sum(1, 2, 3)) == 6);
  CHECK(run(sum_awaited(sum(1), sum(2, 3))) == 6);
}
CASE(relied, gather_in_a_lambda) {
  CHECK(run(gather(sum(1), sum(2, 3))) == std::tuple<int, int>(1, 5));
}
CASE(recorded, nested_generic_lambdas) { CHECK(run(nested_generic()(4)) == 7); }
CASE(relied, constrained_await_transform) {
  const auto c = choose();
  CHECK(c.handle.promise().chosen == 11);
  c.handle.destroy();
}
