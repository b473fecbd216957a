// Tuning a runtime, and reading what it did. The environment overrides the code, which overrides
// the defaults. Try
//
//     DWELL_THREADS=3 DWELL_TIMER_SLACK_US=0 ./03_settings
//     DWELL_THREADS=many ./03_settings
//     DWELL_SETTINGS=found.toml ./03_settings   (what bench/tune wrote)
#include <chrono>
#include <cinttypes>
#include <cstdint>
#include <cstdio>
#include <numeric>
#include <vector>

#include <dwell/dwell.hpp>

namespace {

using namespace std::chrono_literals;

constexpr std::uint64_t calls = 10'000;

dwell::settings tuned() {
  dwell::settings s;
  s.threads = 2;
  s.timer_slack = 200us;  // fewer wake-ups of the reactor; nobody misses a fifth of a millisecond
  s.thread_name = "example";
  s.on_thread_start = [](unsigned worker) { std::printf("worker %u starts\n", worker); };
  return s;
}

dwell::task<std::uint64_t> one_token() {
  co_await dwell::sleep_for(dwell::random_duration(50ms, 100ms));
  co_return 1;
}

dwell::task<std::uint64_t> count_tokens() {
  std::vector<dwell::task<std::uint64_t>> tasks;
  tasks.reserve(calls);
  for (std::uint64_t i = 0; i < calls; ++i) tasks.push_back(one_token());
  const auto tokens = co_await dwell::gather(std::move(tasks));
  co_return std::accumulate(tokens.begin(), tokens.end(), std::uint64_t{0});
}

void print(const dwell::statistics_snapshot& statistics) {
  for (const dwell::worker_statistics& w : statistics.workers)
    std::printf("polls %" PRIu64 ", stolen %" PRIu64 " in %" PRIu64 " steals, parks %" PRIu64 "\n",
                w.polls, w.stolen, w.steals, w.parks);
  std::printf("timers fired %" PRIu64 " in %" PRIu64 " batches, reactor wake-ups %" PRIu64 "\n",
              statistics.timers_fired, statistics.reactor_batches, statistics.reactor_wakeups);
}

}  // namespace

int main() {
  try {
    dwell::runtime runtime(tuned());  // run() makes one for a single task; this one stays
    const std::uint64_t tokens = runtime.run(count_tokens());
    const dwell::statistics_snapshot statistics = runtime.statistics();
    print(statistics);

    if (tokens != calls || statistics.timers_fired != calls || statistics.live_frames != 0)
      return 1;
    std::printf("%" PRIu64 " calls on %zu workers\n", calls, statistics.workers.size());
    return 0;
  } catch (const dwell::settings_error& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 2;
  }
}
