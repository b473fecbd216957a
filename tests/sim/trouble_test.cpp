// What a simulated run says when the program is stuck, runs for ever, or fails: and how to replay.
#include <chrono>
#include <cstdlib>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>

#include <dwell/dwell.hpp>
#include <dwell/sim/run.hpp>

#include "support/workers.hpp"

namespace {

namespace sim = dwell::sim;
using dwell::task;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;
using namespace std::chrono_literals;

constexpr sim::options quiet{.print_replay = false};

class sim_trouble : public dwell_test::no_frames_left {};
using sim_trouble_death = sim_trouble;

task<> takes(dwell::mutex& first, dwell::mutex& second) {
  const auto a = co_await first.lock();
  co_await dwell::sleep_for(1ms);
  const auto b = co_await second.lock();
}

task<> embrace() {
  dwell::mutex left;
  dwell::mutex right;
  co_await dwell::gather(takes(left, right), takes(right, left));
}

TEST_F(sim_trouble, a_deadlock_is_thrown_with_what_each_task_awaits) {
  try {
    sim::run(1, embrace(), quiet);
    FAIL() << "the embrace ended";
  } catch (const dwell::deadlock_error& e) {
    EXPECT_THAT(e.what(), HasSubstr("deadlock"));
    EXPECT_THAT(e.what(), HasSubstr("awaits mutex"));
    EXPECT_THAT(e.what(), HasSubstr("takes"));
    EXPECT_THAT(e.what(), HasSubstr("trouble_test.cpp"));
  }
}

TEST_F(sim_trouble, a_deadlock_of_spawned_tasks_is_no_deadlock_once_they_are_cancelled) {
  const auto leaves_it_behind = []() -> task<> {
    dwell::spawn(embrace()).detach();
    co_await dwell::sleep_for(1s);
  };
  EXPECT_NO_THROW(sim::run(1, leaves_it_behind(), quiet));
}

TEST_F(sim_trouble, a_deadlock_behind_a_shield_is_one_all_the_same) {
  const auto shielded = []() -> task<> { co_await dwell::shield(embrace()); };
  EXPECT_THROW(sim::run(1, shielded(), quiet), dwell::deadlock_error);
}

task<> yields_for_ever() {
  for (;;) co_await dwell::yield_now();
}

TEST_F(sim_trouble, a_program_that_runs_for_ever_meets_the_limit_of_steps) {
  EXPECT_THROW(sim::run(1, yields_for_ever(), {.max_steps = 1000, .print_replay = false}),
               sim::limit_exceeded);
}

TEST_F(sim_trouble, a_program_that_sleeps_for_ever_meets_the_limit_of_time) {
  const auto sleeps = []() -> task<> { co_await dwell::sleep_for(48h); };
  EXPECT_THROW(sim::run(1, sleeps(), {.time_limit = 24h, .print_replay = false}),
               sim::limit_exceeded);
  EXPECT_NO_THROW(sim::run(1, sleeps(), {.time_limit = 48h}));
}

task<> nothing() { co_return; }

task<> swallows() {
  dwell::event never;
  for (;;) {
    try {
      co_await never.wait();
    } catch (const dwell::cancelled&) {
    }
    co_await nothing();  // without an await that yields nobody could count its steps
  }
}

TEST_F(sim_trouble_death, a_task_that_swallows_the_cancellation_stops_the_program) {
  EXPECT_DEATH(sim::run(1, swallows(), {.max_steps = 1000}), "swallows dwell::cancelled");
}

TEST_F(sim_trouble, a_run_inside_a_run_is_refused) {
  const auto nested = []() -> task<> {
    sim::run(2, yields_for_ever());
    co_return;
  };
  EXPECT_THROW(sim::run(1, nested()), dwell::would_block_worker);
}

TEST_F(sim_trouble, a_failing_seed_prints_the_line_that_replays_it) {
  const auto fails = []() -> task<> {
    co_await dwell::yield_now();
    throw std::runtime_error("the ninth item is missing");
  };
  testing::internal::CaptureStderr();
  EXPECT_THROW(sim::run(4711, fails()), std::runtime_error);
  const std::string said = testing::internal::GetCapturedStderr();
  EXPECT_THAT(said, HasSubstr("the ninth item is missing"));
  EXPECT_THAT(said, HasSubstr("trouble_test.cpp"));
  EXPECT_THAT(said, HasSubstr("DWELL_SIM_SEED=4711 "));
}

// Without the two variables of sim::seeds(), which are put back afterwards.
class sim_seeds : public testing::Test {
 protected:
  static void set(const char* variable, const char* value) { ::setenv(variable, value, 1); }
  void SetUp() override {
    for (std::size_t i = 0; i < std::size(variables); ++i) {
      if (const char* const text = std::getenv(variables[i])) before_[i] = text;
      ::unsetenv(variables[i]);
    }
  }
  void TearDown() override {
    for (std::size_t i = 0; i < std::size(variables); ++i)
      before_[i] ? set(variables[i], before_[i]->c_str()) : (void)::unsetenv(variables[i]);
  }

 private:
  static constexpr const char* variables[] = {"DWELL_SIM_SEED", "DWELL_SIM_SEEDS"};
  std::optional<std::string> before_[std::size(variables)];
};

TEST_F(sim_seeds, are_as_many_as_asked_for) { EXPECT_THAT(sim::seeds(3), ElementsAre(1, 2, 3)); }

TEST_F(sim_seeds, are_more_when_the_environment_says_so) {
  set("DWELL_SIM_SEEDS", "1000");
  EXPECT_THAT(sim::seeds(3), SizeIs(1000));
}

TEST_F(sim_seeds, are_the_one_to_replay_when_the_environment_names_it) {
  set("DWELL_SIM_SEEDS", "1000");
  set("DWELL_SIM_SEED", "4711");
  EXPECT_THAT(sim::seeds(3), ElementsAre(4711));
}

TEST_F(sim_seeds, refuse_what_is_no_number) {
  set("DWELL_SIM_SEED", "4711x");
  EXPECT_THROW((void)sim::seeds(3), dwell::settings_error);
}

}  // namespace
