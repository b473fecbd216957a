// sleep_for, sleep_until, yield_now and random_duration. Never early is asserted; late is not: that
// is what the benchmarks measure.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::sleep_for;
using dwell::sleep_until;
using dwell::task;
using dwell::yield_now;
using dwell_test::run_on;
using dwell_test::scaled;
using clock_type = std::chrono::steady_clock;
using std::chrono::nanoseconds;
using namespace std::chrono_literals;

class a_sleep : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a sleep"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_sleep, dwell_test::each_worker_count());

task<nanoseconds> time_of_sleep(nanoseconds d) {
  const auto start = clock_type::now();
  co_await sleep_for(d);
  co_return clock_type::now() - start;
}

TEST_P(a_sleep, never_ends_early) {
  for (const nanoseconds d : {nanoseconds(1), nanoseconds(999), nanoseconds(1us), nanoseconds(37us),
                              nanoseconds(1ms), nanoseconds(12'345'678)})
    EXPECT_GE(dwell::run(time_of_sleep(d), pool()), d);
}

TEST_P(a_sleep, never_ends_early_among_thousands) {
  const auto one_of_many = [](int i) -> task<bool> {
    const nanoseconds d = std::chrono::microseconds((i * 7919) % 3000) + nanoseconds(i);
    const nanoseconds slept = co_await time_of_sleep(d);
    co_return slept >= d;
  };
  const auto all = [&]() -> task<bool> {
    std::vector<task<bool>> tasks;
    for (int i = 0; i < scaled(5'000); ++i) tasks.push_back(one_of_many(i));
    auto children = dwell::gather(std::move(tasks));
    const auto on_time = co_await std::move(children);
    co_return std::all_of(on_time.begin(), on_time.end(), [](bool b) { return b; });
  };
  EXPECT_TRUE(dwell::run(all(), pool()));
}

TEST_P(a_sleep, until_a_time_ends_no_sooner) {
  const auto sleeps = []() -> task<bool> {
    const auto when = clock_type::now() + 3ms;
    co_await sleep_until(when);
    co_return clock_type::now() >= when;
  };
  EXPECT_TRUE(dwell::run(sleeps(), pool()));
}

TEST_P(a_sleep, until_one_time_wakes_everybody_who_waits_for_it) {
  const auto when = clock_type::now() + 5ms;
  const auto sleeps = [](clock_type::time_point t) -> task<bool> {
    co_await sleep_until(t);
    co_return clock_type::now() >= t;
  };
  const auto all = [&]() -> task<bool> {
    std::vector<task<bool>> tasks;
    for (int i = 0; i < 1'000; ++i) tasks.push_back(sleeps(when));
    auto children = dwell::gather(std::move(tasks));
    const auto on_time = co_await std::move(children);
    co_return std::all_of(on_time.begin(), on_time.end(), [](bool b) { return b; });
  };
  EXPECT_TRUE(dwell::run(all(), pool()));
}

TEST_P(a_sleep, counts_from_its_call_and_not_from_its_await) {
  const auto sleeps = []() -> task<bool> {
    const auto start = clock_type::now();
    auto nap = sleep_for(2ms);
    while (clock_type::now() < start + 4ms) {
    }
    co_await nap;  // long over: must not sleep 2 ms more, which no clock here can tell
    co_return clock_type::now() >= start + 4ms;
  };
  EXPECT_TRUE(dwell::run(sleeps(), pool()));
}

task<> fail_after(nanoseconds d) {
  co_await sleep_for(d);
  throw std::runtime_error("ends the others");
}

TEST_P(a_sleep, of_any_great_length_is_one_that_a_cancel_ends) {
  const auto all = []() -> task<> {
    const auto sleeps = [](nanoseconds d) -> task<> { co_await sleep_for(d); };
    const auto waits = [](clock_type::time_point t) -> task<> { co_await sleep_until(t); };
    auto children = dwell::gather(sleeps(nanoseconds::max()), sleeps(nanoseconds::max() - 1ns),
                                  sleeps(24h * 365 * 200), waits(clock_type::time_point::max()),
                                  fail_after(2ms));
    co_await std::move(children);
  };
  EXPECT_THROW(dwell::run(all(), pool()), std::runtime_error);
}

// ---- No time at all: one yield ----

// Two tasks on one worker write in turns, if what `pause` gives lets the other run.
template <class Pause>
std::string turns(Pause pause) {
  std::string order;
  const auto writes = [&](char c) -> task<> {
    for (int i = 0; i < 3; ++i) {
      order += c;
      co_await pause();
    }
  };
  const auto both = [&]() -> task<> {
    auto children = dwell::gather(writes('a'), writes('b'));
    co_await std::move(children);
  };
  run_on(1, both());
  return order;
}

TEST(sleep_of_no_time, lets_the_others_run_once) {
  EXPECT_EQ(turns([] { return yield_now(); }), "ababab");
  EXPECT_EQ(turns([] { return sleep_for(0s); }), "ababab");
  EXPECT_EQ(turns([] { return sleep_for(-1h); }), "ababab");
  EXPECT_EQ(turns([] { return sleep_for(nanoseconds::min()); }), "ababab");
  EXPECT_EQ(turns([] { return sleep_until(clock_type::now()); }), "ababab");
  EXPECT_EQ(turns([] { return sleep_until(clock_type::now() - 1h); }), "ababab");
  EXPECT_EQ(turns([] { return sleep_until(clock_type::time_point::min()); }), "ababab");
}

TEST(sleep_of_no_time, arms_no_timer) {
  dwell::runtime rt(dwell_test::workers(1));
  const auto naps = []() -> task<> {
    for (int i = 0; i < 100; ++i) co_await sleep_for(0s);
  };
  rt.run(naps());
  const dwell::statistics_snapshot s = rt.statistics();
  EXPECT_EQ(s.timers_fired + s.timers_dropped, 0U);
  EXPECT_EQ(s.pending_timers, 0);
}

// ---- yield_now ----

class a_yield : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a yield"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_yield, dwell_test::each_worker_count());

TEST(yield_on_one_worker, gives_a_hundred_tasks_equal_turns) {
  constexpr int rounds = 50;
  std::vector<int> progress(100, 0);
  int widest = 0;
  const auto takes_turns = [&](std::size_t self) -> task<> {
    for (int i = 0; i < rounds; ++i) {
      ++progress[self];
      const auto [least, most] = std::minmax_element(progress.begin(), progress.end());
      widest = std::max(widest, *most - *least);
      co_await yield_now();
    }
  };
  const auto all = [&]() -> task<> {
    std::vector<task<>> tasks;
    for (std::size_t i = 0; i < progress.size(); ++i) tasks.push_back(takes_turns(i));
    auto children = dwell::gather(std::move(tasks));
    co_await std::move(children);
  };
  run_on(1, all());
  // The fairness tick may let one in early, now and then; nobody gets far ahead.
  EXPECT_LE(widest, 3);
}

TEST_P(a_yield, lets_a_pair_that_plays_ping_pong_starve_nobody) {
  // The pair wakes each other for as long as the third has not run.
  std::atomic<bool> stop{false};
  const auto plays = [&](std::atomic<int>& ball, int mine) -> task<> {
    while (!stop) {
      while (ball != mine && !stop) co_await yield_now();
      ball = 1 - mine;
    }
  };
  const auto third = [&]() -> task<> {
    for (int i = 0; i < 10; ++i) co_await yield_now();
    stop = true;
  };
  const auto all = [&]() -> task<> {
    std::atomic<int> ball{0};
    auto children = dwell::gather(plays(ball, 0), plays(ball, 1), third());
    co_await std::move(children);
  };
  dwell::run(all(), pool());
  EXPECT_TRUE(stop);
}

TEST_P(a_yield, keeps_no_timer_and_no_sleeper_from_its_turn) {
  std::atomic<bool> stop{false};
  const auto yields = [&]() -> task<> {
    while (!stop) co_await yield_now();
  };
  const auto sleeps = [&]() -> task<> {
    co_await sleep_for(2ms);
    stop = true;
  };
  const auto all = [&]() -> task<> {
    auto children = dwell::gather(yields(), yields(), sleeps(), yields(), yields());
    co_await std::move(children);
  };
  dwell::run(all(), pool());
  EXPECT_TRUE(stop);
}

TEST_P(a_yield, throws_when_its_scope_is_cancelled) {
  const auto yields = []() -> task<> {
    for (;;) co_await yield_now();
  };
  const auto all = [&]() -> task<> {
    auto children = dwell::gather(yields(), fail_after(1ms));
    co_await std::move(children);
  };
  EXPECT_THROW(dwell::run(all(), pool()), std::runtime_error);
}

// ---- random_duration ----

TEST(random_duration, stays_within_its_bounds_and_reaches_both) {
  bool low = false;
  bool high = false;
  for (int i = 0; i < 10'000; ++i) {
    const nanoseconds d = dwell::random_duration(10ns, 13ns);
    ASSERT_GE(d, 10ns);
    ASSERT_LE(d, 13ns);
    low = low || d == 10ns;
    high = high || d == 13ns;
  }
  EXPECT_TRUE(low && high);
}

TEST(random_duration, of_one_value_is_that_value) {
  EXPECT_EQ(dwell::random_duration(5ms, 5ms), 5ms);
}

TEST(random_duration, may_span_everything) {
  const nanoseconds first = dwell::random_duration(nanoseconds::min(), nanoseconds::max());
  bool differs = false;
  for (int i = 0; i < 10; ++i)
    differs = differs || dwell::random_duration(nanoseconds::min(), nanoseconds::max()) != first;
  EXPECT_TRUE(differs);
}

TEST(random_duration_death, names_bounds_in_the_wrong_order) {
  EXPECT_DEATH(static_cast<void>(dwell::random_duration(2s, 1s)),
               "random_duration.*hi is less than lo; swap the arguments");
}

}  // namespace
