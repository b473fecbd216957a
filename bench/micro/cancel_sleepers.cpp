// What does it cost to cancel sleeping tasks: until the last is queued, and until all have ended,
// each with one frame unwound?
//
// In processor time, of the canceller's thread and of the process: what others do meanwhile on a
// shared machine is no part of the price.
#include <chrono>
#include <ctime>
#include <vector>

#include "micro.hpp"

namespace {

double seconds_on(clockid_t clock) {
  timespec now{};
  clock_gettime(clock, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

struct costs {
  double queueing = 0;
  double from_then_on = 0;
};

dwell::task<int> sleeps() {
  co_await dwell::sleep_for(std::chrono::hours(1));
  co_return 0;
}

// Once all the others are asleep.
dwell::task<int> cancels(dwell::cancel_scope& scope, costs& seen) {
  co_await dwell::sleep_for(std::chrono::milliseconds(300));
  seen.from_then_on = seconds_on(CLOCK_PROCESS_CPUTIME_ID);
  const double before = seconds_on(CLOCK_THREAD_CPUTIME_ID);
  scope.cancel();
  seen.queueing = seconds_on(CLOCK_THREAD_CPUTIME_ID) - before;
  co_return 0;
}

dwell::task<> cancel_all(benchmark::State* state) {
  const auto count = static_cast<std::size_t>(state->range(1));
  double queueing = 0;
  for (auto _ : *state) {
    costs seen;
    const auto body = [&](dwell::cancel_scope& scope) -> dwell::task<> {
      std::vector<dwell::task<int>> all;
      for (std::size_t i = 0; i < count; ++i) all.push_back(sleeps());
      all.push_back(cancels(scope, seen));
      co_await dwell::gather(std::move(all));
    };
    if (co_await dwell::with_cancel_scope(body)) state->SkipWithError("nothing was cancelled");
    state->SetIterationTime(seconds_on(CLOCK_PROCESS_CPUTIME_ID) - seen.from_then_on);
    queueing += seen.queueing;
  }
  const auto each = state->iterations() * state->range(1);
  state->SetItemsProcessed(each);
  state->counters["queueing_ns_each"] = 1e9 * queueing / static_cast<double>(each);
}

void cancel_sleepers(benchmark::State& state) { bench::run_loop(state, cancel_all); }

}  // namespace

BENCHMARK(cancel_sleepers)
    ->ArgNames({"threads", "sleepers"})
    ->Args({1, 100'000})
    ->Args({2, 100'000})
    ->Iterations(5)
    ->UseManualTime();
