// What does a gather of n children that do nothing cost, vector and results included?
#include "micro.hpp"

namespace {

dwell::task<std::uint64_t> answer(std::uint64_t value) { co_return value; }

dwell::task<> gather_in_a_loop(benchmark::State* state) {
  const auto n = static_cast<std::uint64_t>(state->range(1));
  for (auto _ : *state) {
    std::vector<dwell::task<std::uint64_t>> tasks;
    tasks.reserve(n);
    for (std::uint64_t i = 0; i < n; ++i) tasks.push_back(answer(i));
    const auto results = co_await dwell::gather(std::move(tasks));
    if (results.size() != n || results.back() != n - 1) {
      state->SkipWithError("wrong results");
      break;
    }
  }
  state->SetItemsProcessed(state->iterations() * state->range(1));
}

void gather(benchmark::State& state) { bench::run_loop(state, gather_in_a_loop); }

}  // namespace

BENCHMARK(gather)
    ->ArgNames({"threads", "n"})
    ->ArgsProduct({{1, 2}, {10, 100, 1'000, 10'000}})
    ->UseRealTime()
    ->MeasureProcessCPUTime();
