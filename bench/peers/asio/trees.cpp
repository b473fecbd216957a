// The fork trees: a branch is a coroutine of its own, co_spawned.
#include <numeric>

#include "../../load/queens.hpp"
#include "../../load/tree_run.hpp"
#include "io.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

using computation = awaitable<std::uint64_t>;

template <class Compute>
measurement measure_tree(const row& subject, std::uint64_t expected, Compute compute) {
  tree_run run(subject, expected);
  run_io(subject, [&]() -> awaitable<void> {
    while (run.again()) run.took(co_await compute(run.size()));
  });
  return run.summary();
}

/// The sum of what n coroutines give.
template <class Make>
computation sum_of(std::uint64_t n, Make make) {
  const auto on = co_await asio::this_coro::executor;
  std::vector<std::uint64_t> parts(n);
  countdown<> ended(n);
  for (std::uint64_t i = 0; i < n; ++i) {
    asio::co_spawn(on, make(i), [&, i](std::exception_ptr, std::uint64_t part) {
      parts[i] = part;
      ended.arrive();
    });
  }
  co_await ended.wait();
  co_return std::accumulate(parts.begin(), parts.end(), std::uint64_t{0});
}

/// One branch is forked, the other computed by the caller.
computation fib(std::uint64_t n) {
  if (n < 2) co_return n;
  forked<std::uint64_t> other(co_await asio::this_coro::executor, fib(n - 1));
  const auto mine = co_await fib(n - 2);
  co_return mine + co_await other.join();
}

computation skynet(std::uint64_t first, std::uint64_t leaves) {
  if (leaves == 1) co_return first;
  const auto each = leaves / 10;
  co_return co_await sum_of(10, [=](std::uint64_t i) { return skynet(first + i * each, each); });
}

computation solutions(queens placed, std::uint32_t n) {
  if (placed.rows == n) co_return 1;
  std::vector<queens> tries;
  for (std::uint32_t column = 0; column < n; ++column)
    if (placed.leaves_free(column)) tries.push_back(placed.with(column));
  co_return co_await sum_of(tries.size(), [&](std::uint64_t i) { return solutions(tries[i], n); });
}

}  // namespace

measurement measure_fib(const row& subject) {
  return measure_tree(subject, fibonacci(subject.get_number("n")), fib);
}

measurement measure_skynet(const row& subject) {
  return measure_tree(subject, sum_of_leaves(subject.get_number("n")),
                      [](std::uint64_t n) { return skynet(0, n); });
}

measurement measure_nqueens(const row& subject) {
  return measure_tree(subject, count_of_solutions(subject.get_number("n")),
                      [](std::uint64_t n) { return solutions({}, static_cast<std::uint32_t>(n)); });
}

}  // namespace bench
