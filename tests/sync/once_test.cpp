// once: a piece of work that runs to its end one time, whoever asks first.
#include <atomic>
#include <gtest/gtest.h>
#include <stdexcept>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/cancel_when.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::once;
using dwell::task;
using dwell_test::watchdog;

class a_once : public dwell_test::on_workers {};
INSTANTIATE_TEST_SUITE_P(workers, a_once, dwell_test::each_worker_count());

TEST_P(a_once, runs_one_time_for_all_its_callers) {
  const watchdog dog("once: many callers");
  once o;
  std::atomic<int> runs{0};
  std::atomic<int> returned{0};
  const auto work = [&]() -> task<> {
    ++runs;
    co_await dwell_test::until([&] { return o.statistics().waiters == 7; });
    EXPECT_EQ(returned, 0);
  };
  const auto caller = [&]() -> task<> {
    co_await o.call_once(work);
    ++returned;
  };
  const auto all = [&]() -> task<> {
    std::vector<task<>> children;
    for (int i = 0; i < 8; ++i) children.push_back(caller());
    co_await dwell::gather(std::move(children));
    co_await caller();
  };
  dwell::run(all(), pool());
  EXPECT_EQ(runs, 1);
  EXPECT_EQ(returned, 9);
  EXPECT_TRUE(o.done());
  EXPECT_EQ(o.statistics().runs, 1U);
}

TEST_P(a_once, whose_run_throws_is_run_by_the_next_in_line) {
  once o;
  std::atomic<int> runs{0};
  std::atomic<int> failures{0};
  const auto work = [&]() -> task<> {
    const int run = ++runs;
    if (run == 1) {
      co_await dwell_test::until([&] { return o.statistics().waiters == 2; });
      throw std::runtime_error("the first run fails");
    }
  };
  const auto caller = [&]() -> task<> {
    try {
      co_await o.call_once(work);
    } catch (const std::runtime_error&) {
      ++failures;
    }
  };
  const auto all = [&]() -> task<> {
    auto children = dwell::gather(caller(), caller(), caller());
    co_await std::move(children);
  };
  dwell::run(all(), pool());
  EXPECT_EQ(runs, 2);
  EXPECT_EQ(failures, 1);
  EXPECT_TRUE(o.done());
}

TEST_P(a_once, that_failed_with_nobody_waiting_runs_for_the_next_caller) {
  once o;
  const auto fails = []() -> task<> {
    throw std::runtime_error("no");
    co_return;
  };
  const auto succeeds = []() -> task<> { co_return; };
  EXPECT_THROW(dwell::run(o.call_once(fails), pool()), std::runtime_error);
  EXPECT_FALSE(o.done());
  EXPECT_FALSE(o.statistics().running);
  dwell::run(o.call_once(succeeds), pool());
  EXPECT_TRUE(o.done());
}

TEST_P(a_once, whose_run_is_cancelled_is_run_by_the_next_in_line) {
  const watchdog dog("once: cancelled run");
  once o;
  std::atomic<int> ended{0};
  const auto never_ends = []() -> task<> { co_await dwell::sleep_for(std::chrono::hours(1)); };
  const auto ends = [&]() -> task<> {
    ++ended;
    co_return;
  };
  const auto second = [&]() -> task<> {
    co_await dwell_test::until([&] { return o.statistics().running; });
    co_await o.call_once(ends);
  };
  const auto scenario = [&]() -> task<> {
    auto victim = dwell_test::cancel_when(o.call_once(never_ends),
                                          [&] { return o.statistics().waiters == 1; });
    auto both = dwell::gather(std::move(victim), second());
    co_await std::move(both);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(ended, 1);
  EXPECT_EQ(o.statistics().runs, 2U);
}

TEST_P(a_once, forgets_a_call_that_was_cancelled_while_it_waited) {
  const watchdog dog("once: cancelled waiter");
  once o;
  std::atomic<bool> go{false};
  std::atomic<int> runs{0};
  const auto work = [&]() -> task<> {
    ++runs;
    co_await dwell_test::until([&] { return go.load(); });
  };
  const auto victim = [&]() -> task<> {
    co_await dwell_test::until([&] { return o.statistics().running; });
    co_await o.call_once(work);
  };
  const auto scenario = [&]() -> task<> {
    const auto cancels = [&]() -> task<> {
      auto cancelled =
          dwell_test::cancel_when(victim(), [&] { return o.statistics().waiters == 1; });
      co_await std::move(cancelled);
      EXPECT_EQ(o.statistics().waiters, 0U);
      go = true;
    };
    auto both = dwell::gather(o.call_once(work), cancels());
    co_await std::move(both);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(runs, 1);
}

}  // namespace
