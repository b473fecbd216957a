// gather: n children that do nothing, and what one of them costs.
//
// Timed is what a user writes: build the vector of tasks, gather it, have the vector of results.
// The figure per child is the mean over every gather of the run, so that no slow one can hide; the
// distribution of single gathers stands beside it.
#include <algorithm>

#include "../harness/resources.hpp"
#include "../harness/statistics.hpp"
#include "dwell_settings.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

struct gather_run {
  std::uint64_t children = 0;
  std::vector<double> took_us;
  std::string failure;
};

/// Returns its index: the smallest result that shows a lost, doubled or misplaced child.
dwell::task<std::uint64_t> no_op(std::uint64_t index) { co_return index; }

dwell::task<std::vector<std::uint64_t>> one_gather(std::uint64_t n) {
  std::vector<dwell::task<std::uint64_t>> tasks;
  tasks.reserve(n);
  for (std::uint64_t i = 0; i < n; ++i) tasks.push_back(no_op(i));
  co_return co_await dwell::gather(std::move(tasks));
}

std::string failure_of(const std::vector<std::uint64_t>& results, std::uint64_t n) {
  if (results.size() != n) {
    return std::to_string(results.size()) + " results for " + std::to_string(n) + " children";
  }
  for (std::uint64_t i = 0; i < n; ++i) {
    if (results[i] != i) return "child " + std::to_string(i) + " has another child's result";
  }
  return {};
}

dwell::task<> many_gathers(gather_run* run) {
  const auto warm_up = run->took_us.size() / 10 + 1;
  for (std::size_t i = 0; i < run->took_us.size() + warm_up; ++i) {
    const auto begun = now_ns();
    const auto results = co_await one_gather(run->children);
    const auto took_us = static_cast<double>(now_ns() - begun) / 1e3;
    if (run->failure.empty()) run->failure = failure_of(results, run->children);
    if (i >= warm_up) run->took_us[i - warm_up] = took_us;
  }
}

measurement measure(const row& subject) {
  gather_run run;
  run.children = subject.get_number("n");
  run.took_us.resize(subject.get_number("gathers"));
  dwell::run(many_gathers(&run), settings_of(subject));
  double total_us = 0;
  for (const auto each : run.took_us) total_us += each;
  std::sort(run.took_us.begin(), run.took_us.end());
  const auto children = static_cast<double>(run.children * run.took_us.size());
  return {{{"ns_per_child", total_us * 1e3 / children},
           {"p50_us", quantile(run.took_us, 0.5)},
           {"p99_us", quantile(run.took_us, 0.99)}},
          curve_of(run.took_us),
          run.failure};
}

std::vector<row> plan(const options& wanted) {
  std::vector<std::uint64_t> sizes{10, 100, 10'000};
  if (wanted.how == effort::smoke) sizes = {10};
  if (wanted.how == effort::full) sizes = {10, 100, 1'000, 10'000, 100'000};
  const std::uint64_t children = wanted.how == effort::smoke ? 1'000 : 5'000'000;
  std::vector<row> rows;
  for (const auto n : sizes) {
    for (const auto threads : wanted.thread_counts()) {
      rows.push_back(untimed_row(wanted, "gather", n, threads));
      rows.back().hidden("gathers", std::to_string(std::max<std::uint64_t>(children / n, 10)));
    }
  }
  return rows;
}

}  // namespace

workload gather() { return {"gather", plan, measure}; }

}  // namespace bench
