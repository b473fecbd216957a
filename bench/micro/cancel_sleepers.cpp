// What does it cost to cancel sleeping tasks: until the last is queued, and until all have ended,
// each with one frame unwound?
#include <chrono>
#include <vector>

#include "micro.hpp"

namespace {

using clock = std::chrono::steady_clock;

dwell::task<int> sleeps() {
  co_await dwell::sleep_for(std::chrono::hours(1));
  co_return 0;
}

struct moments {
  clock::time_point asked;
  clock::time_point queued;
};

// The sleepers are asleep once the chain that was started last gets its turn: on one worker they
// run in order, on more it waits a little longer.
dwell::task<int> cancels(dwell::cancel_scope& scope, moments& seen) {
  co_await dwell::sleep_for(std::chrono::milliseconds(100));
  seen.asked = clock::now();
  scope.cancel();
  seen.queued = clock::now();
  co_return 0;
}

dwell::task<> cancel_all(benchmark::State* state) {
  const auto count = static_cast<std::size_t>(state->range(1));
  double queueing_ns = 0;
  for (auto _ : *state) {
    moments seen;
    const auto body = [&](dwell::cancel_scope& scope) -> dwell::task<> {
      std::vector<dwell::task<int>> all;
      for (std::size_t i = 0; i < count; ++i) all.push_back(sleeps());
      all.push_back(cancels(scope, seen));
      co_await dwell::gather(std::move(all));
    };
    const bool ended = co_await dwell::with_cancel_scope(body);
    const std::chrono::duration<double> total = clock::now() - seen.asked;
    if (ended) state->SkipWithError("nothing was cancelled");
    queueing_ns += std::chrono::duration<double, std::nano>(seen.queued - seen.asked).count();
    state->SetIterationTime(total.count());
  }
  const double each = static_cast<double>(state->iterations()) * static_cast<double>(count);
  state->SetItemsProcessed(static_cast<std::int64_t>(each));
  state->counters["queued_ns_each"] = queueing_ns / each;
}

void cancel_sleepers(benchmark::State& state) { bench::run_loop(state, cancel_all); }

}  // namespace

BENCHMARK(cancel_sleepers)
    ->ArgNames({"threads", "sleepers"})
    ->Args({1, 100'000})
    ->Args({2, 100'000})
    ->Iterations(5)
    ->UseManualTime()
    ->MeasureProcessCPUTime();
