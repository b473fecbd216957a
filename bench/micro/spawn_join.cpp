// What does it cost to spawn one child and wait for it, from inside the pool?
#include "micro.hpp"

namespace {

dwell::task<std::uint64_t> answer(std::uint64_t value) { co_return value; }

dwell::task<> spawn_in_a_loop(benchmark::State* state) {
  std::uint64_t expected = 0;
  for (auto _ : *state) {
    auto handle = dwell::spawn(answer(expected));
    const auto got = co_await handle;
    if (got != expected++) {
      state->SkipWithError("another task's result");
      break;
    }
  }
}

void spawn_join(benchmark::State& state) { bench::run_loop(state, spawn_in_a_loop); }

}  // namespace

BENCHMARK(spawn_join)->ArgName("threads")->Arg(1)->Arg(2)->UseRealTime()->MeasureProcessCPUTime();
