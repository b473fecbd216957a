// The fork trees: every branch is a coroutine of its own, co_spawned.
#include "../../load/queens.hpp"
#include "../../load/tree_run.hpp"
#include "io.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

template <class Compute>
measurement measure_tree(const row& subject, std::uint64_t expected, Compute compute) {
  tree_run run(subject, expected);
  run_io(subject, [&]() -> awaitable<void> {
    while (run.again()) {
      std::uint64_t result = 0;
      co_await compute(run.size(), result);
      run.took(result);
    }
  });
  return run.summary();
}

awaitable<void> fib(std::uint64_t n, std::uint64_t& result) {
  if (n < 2) {
    result = n;
    co_return;
  }
  std::uint64_t parts[2]{};
  co_await all_of(2, [&](std::uint64_t i) { return fib(n - 1 - i, parts[i]); });
  result = parts[0] + parts[1];
}

awaitable<void> skynet(std::uint64_t first, std::uint64_t leaves, std::uint64_t& result) {
  if (leaves == 1) {
    result = first;
    co_return;
  }
  const auto each = leaves / 10;
  std::uint64_t parts[10]{};
  co_await all_of(10, [&](std::uint64_t i) { return skynet(first + i * each, each, parts[i]); });
  for (const auto part : parts) result += part;
}

awaitable<void> solutions(queens placed, std::uint32_t n, std::uint64_t& result) {
  if (placed.rows == n) {
    result = 1;
    co_return;
  }
  std::vector<queens> tries;
  for (std::uint32_t column = 0; column < n; ++column)
    if (placed.leaves_free(column)) tries.push_back(placed.with(column));
  std::vector<std::uint64_t> parts(tries.size());
  co_await all_of(tries.size(), [&](std::uint64_t i) { return solutions(tries[i], n, parts[i]); });
  for (const auto part : parts) result += part;
}

}  // namespace

measurement measure_fib(const row& subject) {
  return measure_tree(subject, fibonacci(subject.get_number("n")), fib);
}

measurement measure_skynet(const row& subject) {
  return measure_tree(subject, sum_of_leaves(subject.get_number("n")),
                      [](std::uint64_t n, std::uint64_t& result) { return skynet(0, n, result); });
}

measurement measure_nqueens(const row& subject) {
  return measure_tree(subject, count_of_solutions(subject.get_number("n")),
                      [](std::uint64_t n, std::uint64_t& result) {
                        return solutions({}, static_cast<std::uint32_t>(n), result);
                      });
}

}  // namespace bench
