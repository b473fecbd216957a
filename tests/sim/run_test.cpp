// A simulated world: one thread, a clock that jumps, and a seed that makes every choice.
#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <set>
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

TEST_F(sim_run, gives_the_value_of_the_task) {
  const auto answer = []() -> task<int> { co_return 42; };
  EXPECT_EQ(sim::run(1, answer()), 42);
}

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
}  // namespace
