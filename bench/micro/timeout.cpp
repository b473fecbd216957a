// What does it cost to put a limit on a call that keeps it, and a scope without one around it?
#include <chrono>

#include "micro.hpp"

namespace {

dwell::task<std::uint64_t> answer(std::uint64_t value) { co_return value; }

template <class Limit>
dwell::task<> in_a_loop(benchmark::State* state, Limit limited) {
  std::uint64_t expected = 0;
  for (auto _ : *state) {
    const auto got = co_await limited(answer(expected));
    if (got != expected++) {
      state->SkipWithError("another call's result");
      break;
    }
  }
}

dwell::task<> with_a_timeout(benchmark::State* state) {
  return in_a_loop(
      state, [](auto call) { return dwell::timeout(std::chrono::hours(1), std::move(call)); });
}
dwell::task<> with_a_shield(benchmark::State* state) {
  return in_a_loop(state, [](auto call) { return dwell::shield(std::move(call)); });
}

void timeout_kept(benchmark::State& state) { bench::run_loop(state, with_a_timeout); }
void shield(benchmark::State& state) { bench::run_loop(state, with_a_shield); }

}  // namespace

BENCHMARK(timeout_kept)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime()->MeasureProcessCPUTime();
BENCHMARK(shield)->ArgName("threads")->Arg(1)->UseRealTime()->MeasureProcessCPUTime();
