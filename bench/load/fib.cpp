// fib: the naive recursion with a fork for every addition. Three and a half million gathers of two
// for n = 32, and nothing else: the price of a fork and a join.
#include "dwell_settings.hpp"
#include "tree_run.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

dwell::task<std::uint64_t> dwell_fib(std::uint64_t n) {
  if (n < 2) co_return n;
  const auto parts = co_await dwell::gather(dwell_fib(n - 1), dwell_fib(n - 2));
  co_return std::get<0>(parts) + std::get<1>(parts);
}

dwell::task<> on_dwell(tree_run* run) {
  while (run->again()) {
    const auto result = co_await dwell_fib(run->size());
    run->took(result);
  }
}

measurement measure(const row& subject) {
  tree_run run(subject, fibonacci(subject.get_number("n")));
  dwell::run(on_dwell(&run), settings_of(subject));
  return run.summary();
}

std::vector<row> plan(const options& wanted) {
  return tree_rows(wanted, "fib", wanted.how == effort::smoke ? 12 : 32);
}

}  // namespace

workload fib() { return {"fib", plan, measure}; }

}  // namespace bench
