// How every micro-benchmark runs: its loop is a coroutine on a fresh runtime, so what is timed is
// the inside of the pool and never the way in.
//
// Real time, because the benchmark's own thread only waits; process time beside it, because a
// result bought with a second core should show.
#pragma once

#include <benchmark/benchmark.h>

#include <dwell/dwell.hpp>

namespace bench {

using loop = dwell::task<> (*)(benchmark::State*);

/// Runs a loop with as many worker threads as the benchmark's argument 0 says.
inline void run_loop(benchmark::State& state, loop body) {
  dwell::settings chosen;
  chosen.threads = static_cast<unsigned>(state.range(0));
  dwell::run(body(&state), chosen);
}

}  // namespace bench
