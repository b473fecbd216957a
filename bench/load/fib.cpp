// fib: the naive recursion with a fork for every addition. Three and a half million gathers of two
// for n = 32, and nothing else: the price of a fork and a join.
#include "dwell_settings.hpp"
#include "fork_tree.hpp"
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

void on_onetbb(tree_run& run) {
  while (run.again()) run.took(onetbb_fib(run.size()));
}

std::uint64_t expected_fib(std::uint64_t n) {
  std::uint64_t a = 0, b = 1;
  for (; n > 0; --n) {
    const auto sum = a + b;
    a = b;
    b = sum;
  }
  return a;
}

measurement measure(const row& subject) {
  tree_run run(subject, expected_fib(subject.get_number("n")));
  if (subject.runtime == "onetbb") {
    with_onetbb_threads(subject.get_number("threads"), [&] { on_onetbb(run); });
  } else {
    dwell::run(on_dwell(&run), settings_of(subject));
  }
  return run.summary();
}

std::vector<row> plan(const options& wanted) {
  return plan_trees(wanted, "fib", wanted.how == effort::smoke ? 12 : 32);
}

}  // namespace

workload fib() { return {"fib", plan, measure}; }

}  // namespace bench
