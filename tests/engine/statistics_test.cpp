// What a runtime says that it has done, and that nothing is left when it has ended.
#include <chrono>
#include <cstdint>
#include <gtest/gtest.h>
#include <numeric>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::statistics_snapshot;
using dwell::task;
using namespace std::chrono_literals;

class statistics : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"statistics"};
};
INSTANTIATE_TEST_SUITE_P(workers, statistics, dwell_test::each_worker_count());

task<> sleep_many(int count, std::chrono::nanoseconds d) {
  const auto sleeps = [](std::chrono::nanoseconds t) -> task<> { co_await dwell::sleep_for(t); };
  std::vector<task<>> tasks;
  for (int i = 0; i < count; ++i) tasks.push_back(sleeps(d));
  auto children = dwell::gather(std::move(tasks));
  co_await std::move(children);
}

std::uint64_t total(const statistics_snapshot& s,
                    std::uint64_t dwell::worker_statistics::*counter) {
  std::uint64_t sum = 0;
  for (const auto& worker : s.workers) sum += worker.*counter;
  return sum;
}

// The reactor counts a timer just after it has handed the sleeper on, so a run may end first.
statistics_snapshot when_no_timer_is_pending(const dwell::runtime& rt) {
  statistics_snapshot s = rt.statistics();
  while (s.pending_timers != 0) s = rt.statistics();
  return s;
}

TEST_P(statistics, of_a_new_runtime_are_empty) {
  const dwell::runtime rt(pool());
  const statistics_snapshot s = rt.statistics();
  EXPECT_EQ(s.workers.size(), GetParam());
  EXPECT_EQ(s.live_spawned, 0);
  EXPECT_EQ(s.pending_timers, 0);
  EXPECT_EQ(s.timers_fired, 0U);
  EXPECT_EQ(total(s, &dwell::worker_statistics::polls), 0U);
}

TEST_P(statistics, count_the_timers_that_fired) {
  dwell::runtime rt(pool());
  rt.run(sleep_many(1'000, 1ms));
  const statistics_snapshot s = when_no_timer_is_pending(rt);
  EXPECT_EQ(s.timers_fired, 1'000U);
  EXPECT_EQ(s.timers_dropped, 0U);
  EXPECT_GE(s.reactor_batches, 1U);
  // Each child is resumed by a worker's loop after its sleep.
  EXPECT_GE(total(s, &dwell::worker_statistics::polls), 1'000U);
}

// How often is not said: a busy worker fires what is due without anybody having waited for it.
TEST_P(statistics, count_the_ends_of_waiting_for_a_timer) {
  dwell::runtime rt(pool());
  const auto main = [&]() -> task<> {
    while (rt.statistics().reactor_wakeups == 0) co_await dwell::sleep_for(1ms);
  };
  rt.run(main());
}

TEST_P(statistics, tell_how_late_timers_were_taken_up) {
  dwell::runtime rt(pool());
  rt.run(sleep_many(1'000, 1ms));
  const dwell::timer_lateness late = when_no_timer_is_pending(rt).lateness;
  EXPECT_EQ(std::accumulate(late.counts.begin(), late.counts.end(), std::uint64_t{0}), 1'000U);
  EXPECT_GT(late.sum, 0ns);
}

TEST_P(statistics, count_what_lives_while_it_lives) {
  dwell::runtime rt(pool());
  const std::int64_t frames_before = rt.statistics().live_frames;
  statistics_snapshot during;
  const auto main = [&]() -> task<> {
    const auto sleeps = []() -> task<> { co_await dwell::sleep_for(1h); };
    for (int i = 0; i < 20; ++i) dwell::spawn(sleeps()).detach();
    do {
      co_await dwell::yield_now();
      during = rt.statistics();
    } while (during.pending_timers < 20);
  };
  rt.run(main());
  EXPECT_EQ(during.live_spawned, 20);
  EXPECT_EQ(during.pending_timers, 20);
  EXPECT_GE(during.live_frames - frames_before, 20);
}

TEST_P(statistics, count_cancelled_timers_as_dropped_and_not_as_fired) {
  dwell::runtime rt(pool());
  const auto fails = []() -> task<> {
    co_await dwell::sleep_for(1ms);
    throw 1;
  };
  const auto main = [&]() -> task<> {
    auto children = dwell::gather(sleep_many(100, 1h), fails());
    try {
      co_await std::move(children);
    } catch (int) {
    }
  };
  rt.run(main());
  const statistics_snapshot s = when_no_timer_is_pending(rt);
  EXPECT_EQ(s.timers_fired, 1U);
}

TEST_P(statistics, come_back_to_nothing_when_the_work_is_done) {
  dwell::runtime rt(pool());
  const std::int64_t frames_before = rt.statistics().live_frames;
  const auto main = [&]() -> task<> {
    auto handle = dwell::spawn(sleep_many(50, 1ms));
    co_await handle;
  };
  rt.run(main());
  const statistics_snapshot s = when_no_timer_is_pending(rt);
  EXPECT_EQ(s.live_frames, frames_before);
  EXPECT_EQ(s.live_spawned, 0);
}

}  // namespace
