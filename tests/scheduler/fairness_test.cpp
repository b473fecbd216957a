// No work starves, whatever else there is: counted in polls, never in time.
//
// One worker, stepped by hand. A storm of chains that would go on for ever keeps it busy, of each
// kind that has a way to the front of its own: the LIFO slot, the newest end of the deque, the
// injector, and transfers that never come back to the loop. The one chain that ends the storm waits
// in the injector, or at the old end of the deque. It has to run within a few fairness intervals.
#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <tuple>

#include <dwell/scheduler/pool.hpp>
#include <dwell/scope/sleep.hpp>
#include <dwell/task/task.hpp>

#include "scheduler/hand_driven.hpp"

namespace {

using dwell::task;
using dwell_test::hand_driven;
using dwell_test::turn;

/// A world with a storm in it, until somebody sets `over`.
struct storm {
  explicit storm(dwell::scheduler::tuning t) : world(1, t) {}

  hand_driven world;
  turn ping;
  turn pong;
  bool over = false;
};

task<> end(storm& s) {
  s.over = true;
  co_return;
}

task<> play(storm& s, turn& mine, turn& other) {
  while (!s.over) {
    other.give();
    co_await mine;
  }
  other.give();
}

task<> keep_spawning(storm& s) {
  if (!s.over) s.world.start(keep_spawning(s));
  co_return;
}

task<> keep_yielding(storm& s) {
  while (!s.over) co_await dwell::yield_now();
}

task<> nothing() { co_return; }

// Bounded, so that a worker that never looks up fails the test instead of hanging it.
task<> keep_transferring(storm& s) {
  for (int i = 0; i < 10'000'000 && !s.over; ++i) co_await nothing();
}

enum class kind { wake_each_other, spawn, yield, spawn_and_yield, transfer };

void brew(storm& s, kind k) {
  switch (k) {
    case kind::wake_each_other:
      s.world.start_on(0, play(s, s.ping, s.pong));
      return s.world.start_on(0, play(s, s.pong, s.ping));
    case kind::spawn:
      return s.world.start_on(0, keep_spawning(s));
    case kind::yield:
      s.world.start_on(0, keep_yielding(s));
      return s.world.start_on(0, keep_yielding(s));
    case kind::spawn_and_yield:
      s.world.start_on(0, keep_spawning(s));
      return s.world.start_on(0, keep_yielding(s));
    case kind::transfer:
      return s.world.start_on(0, keep_transferring(s));
  }
}

std::string name_of(kind k) {
  switch (k) {
    case kind::wake_each_other:
      return "chains_that_wake_each_other";
    case kind::spawn:
      return "chains_that_spawn";
    case kind::yield:
      return "chains_that_yield";
    case kind::spawn_and_yield:
      return "chains_that_spawn_and_chains_that_yield";
    case kind::transfer:
      return "a_chain_that_transfers";
  }
  return "";
}

class fairness : public ::testing::TestWithParam<std::tuple<std::uint32_t, kind>> {
 protected:
  static std::uint32_t interval() { return std::get<0>(GetParam()); }

  // A LIFO cap so large that it helps nobody.
  storm storm_{{.lifo_cap = 1'000'000, .fairness_interval = interval()}};

  // Once the storm rages: in the middle of a step for chains that never end one.
  void let_it_rage() {
    for (int i = 0; i < 10; ++i) ASSERT_TRUE(storm_.world.step());
  }

  /// The storm ends within `most` polls, and no step is made in vain.
  void expect_over_within(std::uint64_t most) {
    const std::uint64_t before = storm_.world.polls();
    // A step may only put a chain back, but not twice for one poll.
    for (std::uint64_t steps = 0; !storm_.over && steps <= 2 * most; ++steps)
      if (!storm_.world.step()) break;
    EXPECT_TRUE(storm_.over);
    EXPECT_LE(storm_.world.polls() - before, most);
    storm_.over = true;
    ASSERT_TRUE(storm_.world.exhaust());
    EXPECT_TRUE(storm_.world.all_ended());
  }
};

// Behind the two chains of the storm that may stand in the injector too.
TEST_P(fairness, work_from_outside_runs_soon_in_a_storm_of) {
  brew(storm_, std::get<1>(GetParam()));
  if (std::get<1>(GetParam()) != kind::transfer) let_it_rage();
  storm_.world.start(end(storm_));
  const std::uint64_t most = 4 * interval() + 8;
  expect_over_within(most);
}

TEST_P(fairness, old_work_of_the_worker_itself_runs_soon_in_a_storm_of) {
  storm_.world.start_on(0, end(storm_));
  brew(storm_, std::get<1>(GetParam()));
  const std::uint64_t most = 8 * interval() + 16;
  expect_over_within(most);
}

INSTANTIATE_TEST_SUITE_P(intervals, fairness,
                         ::testing::Combine(::testing::Values(1, 2, 3, 60, 61),
                                            ::testing::Values(kind::wake_each_other, kind::spawn,
                                                              kind::yield, kind::spawn_and_yield,
                                                              kind::transfer)),
                         [](const auto& which) {
                           return name_of(std::get<1>(which.param)) + "_every_" +
                                  std::to_string(std::get<0>(which.param)) + "_polls";
                         });

}  // namespace
