// nqueens: a task for every legal placement of a queen in the next row. Unlike fib and skynet an
// irregular tree: some branches end at once, others go deep.
#include "dwell_settings.hpp"
#include "queens.hpp"
#include "tree_run.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

dwell::task<std::uint64_t> solutions(queens placed, std::uint32_t n) {
  if (placed.rows == n) co_return 1;
  std::vector<dwell::task<std::uint64_t>> tries;
  for (std::uint32_t column = 0; column < n; ++column)
    if (placed.leaves_free(column)) tries.push_back(solutions(placed.with(column), n));
  if (tries.empty()) co_return 0;
  const auto parts = co_await dwell::gather(std::move(tries));
  std::uint64_t sum = 0;
  for (const auto part : parts) sum += part;
  co_return sum;
}

dwell::task<> on_dwell(tree_run* run) {
  while (run->again()) {
    const auto result = co_await solutions({}, static_cast<std::uint32_t>(run->size()));
    run->took(result);
  }
}

measurement measure(const row& subject) {
  tree_run run(subject, count_of_solutions(subject.get_number("n")));
  dwell::run(on_dwell(&run), settings_of(subject));
  return run.summary();
}

std::vector<row> plan(const options& wanted) {
  return tree_rows(wanted, "nqueens", wanted.how == effort::smoke ? 6 : 12);
}

}  // namespace

workload nqueens() { return {"nqueens", plan, measure}; }

}  // namespace bench
