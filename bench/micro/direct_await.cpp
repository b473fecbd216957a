// What does `co_await` of a task that is ready to run at once cost? Frame, start, result, way back.
#include "micro.hpp"

namespace {

dwell::task<std::uint64_t> answer(std::uint64_t value) { co_return value; }

dwell::task<> await_in_a_loop(benchmark::State* state) {
  std::uint64_t expected = 0;
  for (auto _ : *state) {
    const auto got = co_await answer(expected);
    if (got != expected++) {
      state->SkipWithError("another task's result");
      break;
    }
  }
}

void direct_await(benchmark::State& state) { bench::run_loop(state, await_in_a_loop); }

}  // namespace

BENCHMARK(direct_await)->ArgName("threads")->Arg(1)->UseRealTime()->MeasureProcessCPUTime();
