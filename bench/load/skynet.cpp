// skynet: a tree of a million leaves, ten children to a node; each leaf returns its number, each
// node the sum. A wide gather of tiny tasks at every level.
#include "dwell_settings.hpp"
#include "tree_run.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

constexpr std::uint64_t children = 10;

dwell::task<std::uint64_t> dwell_skynet(std::uint64_t first, std::uint64_t leaves) {
  if (leaves == 1) co_return first;
  const auto each = leaves / children;
  std::vector<dwell::task<std::uint64_t>> tasks;
  tasks.reserve(children);
  for (std::uint64_t i = 0; i < children; ++i) {
    tasks.push_back(dwell_skynet(first + i * each, each));
  }
  const auto parts = co_await dwell::gather(std::move(tasks));
  std::uint64_t sum = 0;
  for (const auto part : parts) sum += part;
  co_return sum;
}

dwell::task<> on_dwell(tree_run* run) {
  while (run->again()) {
    const auto result = co_await dwell_skynet(0, run->size());
    run->took(result);
  }
}

measurement measure(const row& subject) {
  tree_run run(subject, sum_of_leaves(subject.get_number("n")));
  dwell::run(on_dwell(&run), settings_of(subject));
  return run.summary();
}

std::vector<row> plan(const options& wanted) {
  return tree_rows(wanted, "skynet", wanted.how == effort::smoke ? 1'000 : 1'000'000);
}

}  // namespace

workload skynet() { return {"skynet", plan, measure}; }

}  // namespace bench
