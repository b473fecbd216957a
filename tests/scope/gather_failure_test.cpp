// gather where a child fails: the others are cancelled and drained, and the exception that came
// first goes to the parent.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/for_ever.hpp"
#include "support/scale.hpp"
#include "support/tracked.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::gather;
using dwell::task;
using dwell_test::tracked;
using dwell_test::watchdog;
using namespace std::chrono_literals;

class a_failing_gather : public dwell_test::on_workers {
 private:
  const watchdog dog_{"a failing gather"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_failing_gather, dwell_test::each_worker_count());

task<> fail(std::string what) {
  throw std::runtime_error(what);
  co_return;
}

task<> fail_after(std::chrono::nanoseconds delay, std::string what) {
  co_await dwell::sleep_for(delay);
  throw std::runtime_error(what);
}

// Fails once another has begun, and a moment later: it is asleep by then, or nearly. That a child
// has begun can be waited for and not foretold; one that has not is never run.
task<> fail_after(const std::atomic<bool>& begun, std::string what) {
  co_await dwell_test::until(begun);
  co_await dwell::sleep_for(1ms);
  throw std::runtime_error(what);
}

task<> sleep_for_an_hour(std::string& log, std::atomic<bool>& begun) {
  begun = true;
  try {
    co_await dwell::sleep_for(1h);
    log += "woke ";
  } catch (const dwell::cancelled&) {
    log += "cancelled ";
    throw;
  }
}

task<std::string> error_of(std::vector<task<>> tasks) {
  auto children = gather(std::move(tasks));
  try {
    co_await std::move(children);
  } catch (const std::exception& e) {
    co_return e.what();
  }
  co_return "nothing was thrown";
}

template <class... Ts>
task<std::string> error_of(task<Ts>... tasks) {
  auto children = gather(std::move(tasks)...);
  try {
    co_await std::move(children);
  } catch (const std::exception& e) {
    co_return e.what();
  }
  co_return "nothing was thrown";
}

TEST_P(a_failing_gather, rethrows_the_error_of_its_child) {
  EXPECT_EQ(dwell::run(error_of(fail("mine")), pool()), "mine");
}

TEST_P(a_failing_gather, rethrows_the_very_exception_object) {
  const std::exception* thrown = nullptr;
  const auto throws = [&]() -> task<> {
    try {
      throw std::runtime_error("the very one");
    } catch (const std::exception& e) {
      thrown = &e;
      throw;
    }
    co_return;
  };
  const auto look = [&]() -> task<bool> {
    auto children = gather(throws());
    try {
      co_await std::move(children);
    } catch (const std::exception& e) {
      co_return &e == thrown;
    }
    co_return false;
  };
  EXPECT_TRUE(dwell::run(look(), pool()));
}

TEST(failing_gather_on_one_worker, never_runs_a_child_that_has_not_started) {
  bool ran = false;
  const auto late = [&]() -> task<> {
    ran = true;
    co_return;
  };
  EXPECT_EQ(dwell_test::run_on(1, error_of(fail("first"), late(), late())), "first");
  EXPECT_FALSE(ran);
}

TEST(failing_gather_on_one_worker, reports_no_child_it_kept_from_running_as_forgotten) {
  static int forgotten = 0;
  forgotten = 0;
  dwell::set_never_awaited_hook([](const std::source_location&) noexcept { ++forgotten; });
  const auto late = []() -> task<> { co_return; };
  EXPECT_EQ(dwell_test::run_on(1, error_of(fail("first"), late(), late())), "first");
  dwell::set_never_awaited_hook(nullptr);
  EXPECT_EQ(forgotten, 0);
}

TEST(failing_gather_on_one_worker, rethrows_the_error_that_came_first) {
  EXPECT_EQ(dwell_test::run_on(1, error_of(fail_after(5ms, "later"), fail("first"))), "first");
  EXPECT_EQ(dwell_test::run_on(1, error_of(fail_after(1ms, "first"), fail_after(1h, "never"))),
            "first");
}

TEST_P(a_failing_gather, wakes_a_sleeping_sibling_at_once) {
  std::string log;
  std::atomic<bool> begun{false};
  auto children = error_of(sleep_for_an_hour(log, begun), fail_after(begun, "mine"));
  EXPECT_EQ(dwell::run(std::move(children), pool()), "mine");
  EXPECT_EQ(log, "cancelled ");
}

TEST_P(a_failing_gather, wakes_ten_thousand_sleeping_siblings) {
  std::atomic<int> cancelled{0};
  const auto sleeps = [&]() -> task<> {
    try {
      co_await dwell::sleep_for(1h);
    } catch (const dwell::cancelled&) {
      ++cancelled;
      throw;
    }
  };
  std::vector<task<>> tasks;
  const std::int64_t count = std::max<std::int64_t>(500, dwell_test::scaled(10'000));
  for (std::int64_t i = 0; i < count; ++i) tasks.push_back(sleeps());
  tasks.push_back(fail_after(20ms, "mine"));
  EXPECT_EQ(dwell::run(error_of(std::move(tasks)), pool()), "mine");
  EXPECT_GT(cancelled, 0);
}

TEST_P(a_failing_gather, reaches_a_running_sibling_at_its_next_await) {
  std::atomic<bool> begun{false};
  std::atomic<bool> cancelled{false};
  const auto yields_for_ever = [&]() -> task<> {
    begun = true;
    try {
      for (;;) co_await dwell::yield_now();
    } catch (const dwell::cancelled&) {
      cancelled = true;
      throw;
    }
  };
  EXPECT_EQ(dwell::run(error_of(yields_for_ever(), fail_after(begun, "mine")), pool()), "mine");
  EXPECT_TRUE(cancelled);
}

TEST(failing_gather_on_two_workers, reaches_a_sibling_that_ran_while_it_failed) {
  const watchdog dog("a sibling that runs meanwhile");
  std::atomic<bool> busy{false};
  std::atomic<bool> thrown{false};
  std::string log;
  const auto computes = [&]() -> task<> {
    busy = true;
    while (!thrown) {
    }
    co_await sleep_for_an_hour(log, busy);
  };
  const auto fails = [&]() -> task<> {
    while (!busy) co_await dwell::yield_now();
    thrown = true;
    throw std::runtime_error("mine");
  };
  EXPECT_EQ(dwell_test::run_on(2, error_of(computes(), fails())), "mine");
  EXPECT_EQ(log, "cancelled ");
}

TEST_P(a_failing_gather, drains_its_children_before_it_throws) {
  // A cancelled child may take its time: here it yields in vain, and is waited for all the same.
  std::atomic<bool> begun{false};
  bool drained = false;
  const auto slow_to_end = [&]() -> task<> {
    begun = true;
    try {
      co_await dwell::sleep_for(1h);
    } catch (const dwell::cancelled&) {
    }
    for (int i = 0; i < 10; ++i) {
      try {
        co_await dwell::yield_now();
      } catch (const dwell::cancelled&) {
      }
    }
    drained = true;
  };
  const auto look = [&]() -> task<bool> {
    auto children = gather(slow_to_end(), fail_after(begun, "mine"));
    try {
      co_await std::move(children);
    } catch (const std::runtime_error&) {
      co_return drained;
    }
    co_return false;
  };
  EXPECT_TRUE(dwell::run(look(), pool()));
}

TEST_P(a_failing_gather, cancels_again_whoever_catches_and_waits_again) {
  std::atomic<bool> begun{false};
  int caught = 0;
  const auto stubborn = [&]() -> task<> {
    begun = true;
    while (caught < 5) {
      try {
        co_await dwell::sleep_for(1h);
      } catch (const dwell::cancelled&) {
        ++caught;
      }
    }
  };
  EXPECT_EQ(dwell::run(error_of(stubborn(), fail_after(begun, "mine")), pool()), "mine");
  EXPECT_EQ(caught, 5);
}

TEST_P(a_failing_gather, starts_no_gather_inside_a_cancelled_child) {
  std::atomic<bool> begun{false};
  bool ran = false;
  bool refused = false;
  const auto grandchild = [&]() -> task<> {
    ran = true;
    co_return;
  };
  const auto stubborn = [&]() -> task<> {
    begun = true;
    try {
      co_await dwell::sleep_for(1h);
    } catch (const dwell::cancelled&) {
    }
    auto children = gather(grandchild(), grandchild());
    try {
      co_await std::move(children);
    } catch (const dwell::cancelled&) {
      refused = true;
    }
  };
  EXPECT_EQ(dwell::run(error_of(stubborn(), fail_after(begun, "mine")), pool()), "mine");
  EXPECT_TRUE(refused);
  EXPECT_FALSE(ran);
}

TEST_P(a_failing_gather, lets_a_cancelled_child_await_a_task_directly) {
  // Awaiting a task is a call, not a wait: the child's own waits are what throws.
  std::atomic<bool> begun{false};
  int value = 0;
  const auto number = []() -> task<int> { co_return 7; };
  const auto stubborn = [&]() -> task<> {
    begun = true;
    try {
      co_await dwell::sleep_for(1h);
    } catch (const dwell::cancelled&) {
    }
    value = co_await number();
  };
  EXPECT_EQ(dwell::run(error_of(stubborn(), fail_after(begun, "mine")), pool()), "mine");
  EXPECT_EQ(value, 7);
}

TEST_P(a_failing_gather, prefers_the_first_error_to_those_that_cancelled_children_throw) {
  const auto fails_when_cancelled = []() -> task<> {
    try {
      co_await dwell::sleep_for(1h);
    } catch (const dwell::cancelled&) {
      throw std::runtime_error("while being cancelled");
    }
  };
  EXPECT_EQ(dwell::run(error_of(fails_when_cancelled(), fail_after(1ms, "first")), pool()),
            "first");
}

TEST_P(a_failing_gather, gives_one_of_the_errors_when_all_fail) {
  std::vector<task<>> tasks;
  for (int i = 0; i < 100; ++i) tasks.push_back(fail("error " + std::to_string(i)));
  EXPECT_THAT(dwell::run(error_of(std::move(tasks)), pool()), testing::StartsWith("error "));
}

TEST_P(a_failing_gather, destroys_the_results_of_those_that_succeeded) {
  const auto make = [](int i) -> task<tracked> { co_return tracked(i); };
  const auto fails = []() -> task<tracked> {
    co_await dwell::sleep_for(1ms);
    throw std::runtime_error("the last one");
  };
  EXPECT_EQ(dwell::run(error_of(make(1), make(2), fails()), pool()), "the last one");
  EXPECT_EQ(tracked::alive(), 0);
}

TEST_P(a_failing_gather, treats_a_child_that_throws_cancelled_as_failed) {
  std::string log;
  std::atomic<bool> begun{false};
  const auto gives_up = [&]() -> task<> {
    co_await dwell_test::until(begun);
    throw dwell::cancelled();
  };
  const auto look = [&]() -> task<bool> {
    auto children = gather(sleep_for_an_hour(log, begun), gives_up());
    bool thrown = false;
    try {
      co_await std::move(children);
    } catch (const dwell::cancelled&) {
      thrown = true;
    }
    co_await dwell::sleep_for(1ms);  // the parent itself is not cancelled
    co_return thrown;
  };
  EXPECT_TRUE(dwell::run(look(), pool()));
  EXPECT_EQ(log, "cancelled ");
}

TEST_P(a_failing_gather, leaves_its_parent_able_to_wait_and_gather_again) {
  const auto retry = []() -> task<int> {
    int failures = 0;
    for (int i = 0; i < 20; ++i) {
      const std::string error = co_await error_of(fail_after(10us, "again"), fail("again"));
      failures += error == "again" ? 1 : 0;
      co_await dwell::sleep_for(10us);
    }
    co_return failures;
  };
  EXPECT_EQ(dwell::run(retry(), pool()), 20);
}

}  // namespace
