// timers: time limits that are never reached. A call that is over soon still sets a timer and calls
// it off: that is what most timers of a server are there for.
#include <chrono>
#include <numeric>

#include "../harness/resources.hpp"
#include "dwell_settings.hpp"
#include "workloads.hpp"

namespace bench {

namespace {

struct timers_run {
  std::uint64_t timers = 0;
  std::uint64_t tasks = 0;
  std::uint64_t done = 0;
  std::int64_t took_ns = 0;
};

dwell::task<std::uint64_t> soon_over() {
  co_await dwell::yield_now();
  co_return 1;
}

dwell::task<std::uint64_t> limits(std::uint64_t times) {
  std::uint64_t done = 0;
  for (std::uint64_t i = 0; i < times; ++i)
    done += co_await dwell::timeout(std::chrono::seconds(30), soon_over());
  co_return done;
}

dwell::task<> everybody(timers_run* run) {
  const auto begun = now_ns();
  std::vector<dwell::task<std::uint64_t>> all;
  for (std::uint64_t i = 0; i < run->tasks; ++i) all.push_back(limits(run->timers / run->tasks));
  const auto each = co_await dwell::gather(std::move(all));
  run->took_ns = now_ns() - begun;
  run->done = std::accumulate(each.begin(), each.end(), std::uint64_t{0});
}

measurement measure(const row& subject) {
  timers_run run;
  run.timers = subject.get_number("n");
  run.tasks = subject.get_number("tasks");
  dwell::run(everybody(&run), settings_of(subject));
  const auto expected = run.timers / run.tasks * run.tasks;
  measurement found{
      {{"ns_per_timer", static_cast<double>(run.took_ns) / static_cast<double>(expected)}}, {}, {}};
  if (run.done != expected)
    found.failure = std::to_string(run.done) + " calls ended, not " + std::to_string(expected);
  return found;
}

std::vector<row> plan(const options& wanted) {
  auto rows = untimed_rows(wanted, "timers", wanted.how == effort::smoke ? 640 : 1'000'000);
  for (auto& each : rows) each.number("tasks", 64);
  return rows;
}

}  // namespace

workload timers() { return {"timers", plan, measure}; }

}  // namespace bench
