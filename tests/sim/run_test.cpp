// A simulated world: one thread, a clock that jumps, and a seed that makes every choice.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/sim/run.hpp>

#include "support/workers.hpp"

namespace {

namespace sim = dwell::sim;
using dwell::task;
using testing::HasSubstr;
using namespace std::chrono_literals;

class sim_run : public dwell_test::no_frames_left {};

task<> say(std::string& out, char what) {
  out += what;
  co_return;
}

task<> say_after(std::string& out, char what, std::chrono::nanoseconds d) {
  co_await dwell::sleep_for(d);
  out += what;
}

task<> say_nothing() { co_return; }

task<int> answer_of(int n) { co_return n; }

task<> two_at_once(std::string& out) { co_await dwell::gather(say(out, 'a'), say(out, 'b')); }

// Something of everything whose order is the seed's.
task<> a_busy_program(std::string& out) {
  for (int i = 0; i < 3; ++i) {
    co_await dwell::gather(say_after(out, 'a', dwell::random_duration(0ms, 3ms)), say(out, 'b'),
                           say_after(out, 'c', 2ms));
    dwell::join_handle<void> spawned = dwell::spawn(say_after(out, 'd', 1ms));
    co_await dwell::yield_now();
    out += co_await dwell::blocking([] { return 'e'; });
    co_await spawned;
  }
}

struct history {
  std::string trace;
  std::string out;
  friend bool operator==(const history&, const history&) = default;
};

history history_of(std::uint64_t seed, task<> (*program)(std::string&)) {
  history h;
  sim::run(seed, program(h.out), {.trace = &h.trace});
  return h;
}

TEST_F(sim_run, gives_the_value_of_the_task) { EXPECT_EQ(sim::run(1, answer_of(42)), 42); }

TEST_F(sim_run, rethrows_what_ends_the_task) {
  const auto fails = []() -> task<> {
    co_await dwell::yield_now();
    throw std::runtime_error("the task failed");
  };
  EXPECT_THROW(sim::run(1, fails(), {.print_replay = false}), std::runtime_error);
}

TEST_F(sim_run, of_one_seed_has_one_trace_byte_for_byte) {
  for (const std::uint64_t seed : sim::seeds(20)) {
    const history first = history_of(seed, &a_busy_program);
    EXPECT_THAT(first.trace, HasSubstr("a_busy_program"));
    EXPECT_EQ(history_of(seed, &a_busy_program), first);
  }
}

TEST_F(sim_run, of_different_seeds_has_two_ready_tasks_in_either_order) {
  std::set<std::string> orders;
  for (std::uint64_t seed = 1; seed <= 40; ++seed)
    orders.insert(history_of(seed, &two_at_once).out);
  EXPECT_EQ(orders, (std::set<std::string>{"ab", "ba"}));
}

TEST_F(sim_run, passes_an_hour_of_sleeps_without_sleeping) {
  const auto hour = []() -> task<std::chrono::nanoseconds> {
    const auto start = sim::now();
    for (int i = 0; i < 3600; ++i) co_await dwell::sleep_for(1s);
    co_return sim::now() - start;
  };
  EXPECT_EQ(sim::run(1, hour()), 1h);
}

TEST_F(sim_run, wakes_sleepers_in_the_order_of_their_deadlines) {
  const auto all = [](std::string& out) -> task<> {
    co_await dwell::gather(say_after(out, 'c', 3s), say_after(out, 'a', 1s),
                           say_after(out, 'd', 4h), say_after(out, 'b', 2s));
  };
  for (const std::uint64_t seed : sim::seeds(50)) {
    std::string out;
    sim::run(seed, all(out));
    EXPECT_EQ(out, "abcd");
  }
}

task<> say_each(std::string& out, const char* text) {
  for (; *text != 0; ++text) co_await say(out, *text);
}

// Neither of the two ever sleeps: only a yield at an await can mix what they say.
TEST_F(sim_run, lets_a_chain_give_way_where_it_awaits_a_task) {
  const auto both = [](std::string& out) -> task<> {
    co_await dwell::gather(say_each(out, "abc"), say_each(out, "ABC"));
  };
  std::set<std::string> heard;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    std::string out;
    sim::run(seed, both(out));
    EXPECT_THAT(out, testing::SizeIs(6));
    heard.insert(out);
  }
  EXPECT_GT(heard.size(), 10u);  // of 20 that there are
}

TEST_F(sim_run, ends_what_is_too_late_at_the_very_moment) {
  const auto late = []() -> task<std::chrono::nanoseconds> {
    const auto start = sim::now();
    try {
      co_await dwell::timeout(1h, dwell::sleep_for(2h));
    } catch (const dwell::timed_out&) {
      co_return sim::now() - start;
    }
    co_return 0ns;
  };
  for (const std::uint64_t seed : sim::seeds(50)) EXPECT_EQ(sim::run(seed, late()), 1h);
}

TEST_F(sim_run, replays_who_wins_where_two_end_at_the_same_moment) {
  const auto tie = []() -> task<bool> {
    co_return co_await dwell::move_on_after(1h, dwell::sleep_for(1h));
  };
  for (const std::uint64_t seed : sim::seeds(50)) {
    const bool in_time = sim::run(seed, tie());
    EXPECT_EQ(sim::run(seed, tie()), in_time);
  }
}

// More than fit into the reactor's batches.
TEST_F(sim_run, wakes_forty_thousand_at_one_moment_before_time_passes) {
  const auto nap = []() -> task<bool> {
    const auto start = sim::now();
    co_await dwell::sleep_for(1s);
    co_return sim::now() - start == 1s;
  };
  const auto crowd = [&nap]() -> task<std::ptrdiff_t> {
    std::vector<task<bool>> all;
    for (int i = 0; i < 40'000; ++i) all.push_back(nap());
    const std::vector<bool> in_time = co_await dwell::gather(std::move(all));
    co_return std::count(in_time.begin(), in_time.end(), true);
  };
  EXPECT_EQ(sim::run(1, crowd()), 40'000);
}

TEST_F(sim_run, may_have_a_clock_that_is_late) {
  const auto nap = []() -> task<std::chrono::nanoseconds> {
    const auto start = sim::now();
    co_await dwell::sleep_for(1s);
    co_return sim::now() - start;
  };
  std::chrono::nanoseconds least = 1h;
  std::chrono::nanoseconds most{0};
  for (std::uint64_t seed = 1; seed <= 50; ++seed) {
    const auto slept = sim::run(seed, nap(), {.jitter = 1ms});
    least = std::min(least, slept);
    most = std::max(most, slept);
  }
  EXPECT_GE(least, 1s);
  EXPECT_LE(most, 1s + 1ms);
  EXPECT_GT(most, least);
}

TEST_F(sim_run, cancels_and_drains_what_was_spawned_and_is_left) {
  bool cancelled = false;
  const auto stays = [&cancelled]() -> task<> {
    try {
      co_await dwell::sleep_for(1h);
    } catch (const dwell::cancelled&) {
      cancelled = true;
      throw;
    }
  };
  const auto leaves = [&stays]() -> task<> {
    dwell::spawn(stays()).detach();
    co_await dwell::sleep_for(1s);
  };
  sim::run(1, leaves());
  EXPECT_TRUE(cancelled);
}

TEST_F(sim_run, gives_the_thread_its_clock_back) {
  const auto before = std::chrono::steady_clock::now();
  sim::run(1, say_nothing());
  EXPECT_GE(sim::now(), before);
  EXPECT_EQ(dwell::run(answer_of(42)), 42);
}

}  // namespace
