// What does a sleep that is over before it began cost?
#include <chrono>

#include "micro.hpp"

namespace {

dwell::task<> sleep_in_a_loop(benchmark::State* state) {
  const std::chrono::nanoseconds nothing(0);
  for (auto _ : *state) co_await dwell::sleep_for(nothing);
}

void sleep_zero(benchmark::State& state) { bench::run_loop(state, sleep_in_a_loop); }

}  // namespace

BENCHMARK(sleep_zero)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime()->MeasureProcessCPUTime();
