// Joining a spawned task from a plain thread, and the refusal to do so where it would block a
// worker.
#include <atomic>
#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/refusal.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::task;
using dwell_test::refusal_of;
using namespace std::chrono_literals;

class a_join_by_a_thread : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a join by a plain thread"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_join_by_a_thread, dwell_test::each_worker_count());

task<std::unique_ptr<int>> after_a_sleep(int value) {
  co_await dwell::sleep_for(2ms);
  co_return std::make_unique<int>(value);
}

TEST_P(a_join_by_a_thread, waits_for_the_value) {
  dwell::runtime rt(pool());
  auto handle = rt.spawn(after_a_sleep(4));
  EXPECT_EQ(*handle.join(), 4);
  EXPECT_FALSE(handle.joinable());
}

TEST_P(a_join_by_a_thread, gets_the_value_of_a_task_that_has_ended) {
  dwell::runtime rt(pool());
  auto handle = rt.spawn(after_a_sleep(4));
  while (!handle.done()) std::this_thread::sleep_for(1ms);
  EXPECT_EQ(*handle.join(), 4);
}

TEST_P(a_join_by_a_thread, throws_what_ended_the_task) {
  dwell::runtime rt(pool());
  const auto fails = []() -> task<> {
    co_await dwell::yield_now();
    throw std::domain_error("no");
  };
  auto handle = rt.spawn(fails());
  EXPECT_THROW(handle.join(), std::domain_error);
}

TEST_P(a_join_by_a_thread, sees_the_cancellation_of_a_runtime_that_ends) {
  std::optional<dwell::runtime> rt(std::in_place, pool());
  const auto sleeps = []() -> task<> { co_await dwell::sleep_for(1h); };
  auto handle = rt->spawn(sleeps());
  std::thread joiner([&] { EXPECT_THROW(handle.join(), dwell::cancelled); });
  std::this_thread::sleep_for(1ms);
  rt.reset();
  joiner.join();
}

TEST_P(a_join_by_a_thread, may_stand_beside_tasks_that_wait_for_the_same_end) {
  dwell::runtime rt(pool());
  auto handle = rt.spawn(after_a_sleep(4));
  const auto waits = [&]() -> task<> { co_await handle.wait(); };
  std::vector<dwell::join_handle<>> others;
  for (int i = 0; i < 3; ++i) others.push_back(rt.spawn(waits()));
  for (auto& other : others) other.join();
  EXPECT_EQ(*handle.join(), 4);
}

TEST_P(a_join_by_a_thread, never_misses_the_end) {
  dwell::runtime rt(pool());
  const auto at_once = [](int i) -> task<int> { co_return i; };
  const auto rounds = static_cast<int>(dwell_test::scaled(5'000));
  for (int i = 0; i < rounds; ++i) EXPECT_EQ(rt.spawn(at_once(i)).join(), i);
}

// ---- Where it would block a worker ----

TEST(a_join_in_a_coroutine, is_refused_and_names_what_to_write) {
  const auto joins = []() -> task<> {
    auto handle = dwell::spawn(after_a_sleep(1));
    EXPECT_EQ(refusal_of([&] { handle.join(); }),
              "join_handle::join: called in a coroutine, whose worker it would block; write "
              "co_await handle");
    const int value = *co_await handle;  // the handle is as it was
    EXPECT_EQ(value, 1);
  };
  dwell::run(joins(), dwell_test::workers(1));
}

TEST(a_run_in_a_coroutine, is_refused_and_names_what_to_do_instead) {
  const auto nested = []() -> task<> {
    dwell::runtime rt(dwell_test::workers(1));
    EXPECT_THAT(refusal_of([&] { rt.run(after_a_sleep(1)); }),
                testing::MatchesRegex("run\\(\\) at .*: called inside the run\\(\\) at .*; a "
                                      "coroutine awaits or spawns a task instead of running it"));
    co_return;
  };
  dwell::run(nested(), dwell_test::workers(1));
}

}  // namespace
