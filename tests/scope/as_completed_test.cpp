// as_completed: results in the order in which they come.
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/scale.hpp"
#include "support/sleepers.hpp"
#include "support/tracked.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::as_completed;
using dwell::completions;
using dwell::task;
using dwell_test::sleepers;
using dwell_test::tracked;
using namespace std::chrono_literals;

class as_completed_tasks : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"as_completed"};
};
INSTANTIATE_TEST_SUITE_P(workers, as_completed_tasks, dwell_test::each_worker_count());

task<int> after(std::chrono::nanoseconds d, int n) {
  co_await dwell::sleep_for(d);
  co_return n;
}

/// All values, in the order of their coming.
task<std::vector<int>> take_all(completions<int>& c) {
  std::vector<int> values;
  while (auto next = co_await c.next()) values.push_back(next->value());
  co_return values;
}

TEST_P(as_completed_tasks, come_in_the_order_of_their_ends) {
  // Each waits until the one behind it was taken.
  std::atomic<int> taken{0};
  const auto in_turn = [&](int turn) -> task<int> {
    while (taken < turn) co_await dwell::yield_now();
    co_return turn;
  };
  const auto body = [&](completions<int>& c) -> task<std::vector<int>> {
    std::vector<int> values;
    while (auto next = co_await c.next()) {
      values.push_back(next->value());
      ++taken;
    }
    co_return values;
  };
  std::vector<task<int>> tasks;
  for (const int turn : {2, 1, 0}) tasks.push_back(in_turn(turn));
  const auto values = dwell::run(as_completed(std::move(tasks), body), pool());
  EXPECT_EQ(values, (std::vector<int>{0, 1, 2}));
}

TEST_P(as_completed_tasks, are_all_taken_and_then_there_are_none) {
  const auto body = [](completions<int>& c) -> task<> {
    EXPECT_EQ(c.remaining(), 2U);
    EXPECT_TRUE((co_await c.next()).has_value());
    EXPECT_TRUE((co_await c.next()).has_value());
    EXPECT_EQ(c.remaining(), 0U);
    EXPECT_FALSE((co_await c.next()).has_value());
    EXPECT_FALSE((co_await c.next()).has_value());
  };
  std::vector<task<int>> tasks;
  tasks.push_back(after(0ms, 1));
  tasks.push_back(after(1ms, 2));
  dwell::run(as_completed(std::move(tasks), body), pool());
}

TEST_P(as_completed_tasks, may_be_none) {
  EXPECT_TRUE(dwell::run(as_completed(std::vector<task<int>>(), &take_all), pool()).empty());
}

TEST_P(as_completed_tasks, fail_alone) {
  std::atomic<bool> taken{false};
  const auto fails = []() -> task<int> {
    co_await dwell::yield_now();
    throw std::runtime_error("alone");
  };
  const auto succeeds = [&]() -> task<int> {
    while (!taken) co_await dwell::yield_now();
    co_return 2;
  };
  const auto body = [&](completions<int>& c) -> task<std::string> {
    std::string seen;
    while (auto next = co_await c.next()) {
      try {
        seen += std::to_string(next->value());
      } catch (const std::runtime_error& e) {
        seen += e.what();
        taken = true;
      }
    }
    co_return seen;
  };
  std::vector<task<int>> tasks;
  tasks.push_back(succeeds());
  tasks.push_back(fails());
  EXPECT_EQ(dwell::run(as_completed(std::move(tasks), body), pool()), "alone2");
}

TEST_P(as_completed_tasks, give_move_only_values_references_and_nothing) {
  static int object = 0;
  const auto main = []() -> task<bool> {
    std::vector<task<tracked>> made;
    made.push_back([]() -> task<tracked> { co_return tracked(4); }());
    const int four =
        co_await as_completed(std::move(made), [](completions<tracked>& c) -> task<int> {
          auto next = co_await c.next();
          co_return next->value().value();
        });
    std::vector<task<int&>> referring;
    referring.push_back([]() -> task<int&> { co_return object; }());
    int& same = co_await as_completed(std::move(referring), [](completions<int&>& c) -> task<int&> {
      auto next = co_await c.next();
      co_return next->value();
    });
    std::vector<task<>> nothing;
    nothing.push_back([]() -> task<> { co_return; }());
    co_await as_completed(std::move(nothing), [](completions<void>& c) -> task<> {
      auto next = co_await c.next();
      next->value();
    });
    co_return four == 4 && &same == &object;
  };
  EXPECT_TRUE(dwell::run(main(), pool()));
  EXPECT_EQ(tracked::alive(), 0);
}

TEST_P(as_completed_tasks, that_are_left_when_the_body_returns_are_stopped_first) {
  sleepers all;
  std::vector<task<int>> tasks;
  for (int i = 0; i < 5; ++i) tasks.push_back(all.sleep<int>());
  const auto eight = [&]() -> task<int> {
    co_await all.all_begun(5);
    co_return 8;
  };
  tasks.push_back(eight());
  const auto first = [](completions<int>& c) -> task<int> {
    auto next = co_await c.next();
    co_return next->value();
  };
  EXPECT_EQ(dwell::run(as_completed(std::move(tasks), first), pool()), 8);
  EXPECT_EQ(all.stopped, 5);
}

TEST_P(as_completed_tasks, that_are_left_when_the_body_fails_are_stopped_first) {
  sleepers all;
  std::vector<task<int>> tasks;
  for (int i = 0; i < 3; ++i) tasks.push_back(all.sleep<int>());
  const auto fails = [&](completions<int>&) -> task<> {
    co_await all.all_begun(3);
    throw std::runtime_error("the body");
  };
  EXPECT_THROW(dwell::run(as_completed(std::move(tasks), fails), pool()), std::runtime_error);
  EXPECT_EQ(all.stopped, 3);
}

TEST_P(as_completed_tasks, never_start_when_the_callable_throws) {
  std::atomic<bool> ran{false};
  const auto sets = [&]() -> task<int> {
    ran = true;
    co_return 1;
  };
  std::vector<task<int>> tasks;
  tasks.push_back(sets());
  const auto refuses = [](completions<int>&) -> task<> { throw std::runtime_error("no body"); };
  EXPECT_THROW(dwell::run(as_completed(std::move(tasks), refuses), pool()), std::runtime_error);
  EXPECT_FALSE(ran);
}

TEST_P(as_completed_tasks, are_stopped_from_outside_together_with_the_body) {
  sleepers all;
  const auto main = [&]() -> task<bool> {
    std::vector<task<int>> tasks;
    for (int i = 0; i < 3; ++i) tasks.push_back(all.sleep<int>());
    auto handle = dwell::spawn(as_completed(std::move(tasks), &take_all));
    co_await all.all_begun(3);
    handle.cancel();
    try {
      co_await handle;
    } catch (const dwell::cancelled&) {
      co_return true;
    }
    co_return false;
  };
  EXPECT_TRUE(dwell::run(main(), pool()));
  EXPECT_EQ(all.stopped, 3);
}

TEST_P(as_completed_tasks, lose_no_end_to_a_wait_that_is_cancelled) {
  // The body gives up waiting for the next end again and again: a race, won by the clock.
  const auto body = [](completions<int>& c) -> task<int> {
    int sum = 0;
    while (c.remaining() > 0) {
      const auto take = [&]() -> task<> {
        auto next = co_await c.next();
        if (next) sum += next->value();
      };
      auto either = dwell::race(take(), []() -> task<> { co_await dwell::sleep_for(20us); }());
      co_await std::move(either);
    }
    co_return sum;
  };
  std::vector<task<int>> tasks;
  const int count = static_cast<int>(dwell_test::scaled(500));
  for (int i = 0; i < count; ++i) tasks.push_back(after(10us * i, 1));
  EXPECT_EQ(dwell::run(as_completed(std::move(tasks), body), pool()), count);
}

TEST_P(as_completed_tasks, give_an_untaken_error_to_the_hook) {
  static std::atomic<int> reports{0};
  reports = 0;
  const auto before = dwell::set_unobserved_error_hook(
      [](std::exception_ptr, const std::source_location&) noexcept { ++reports; });
  std::atomic<bool> begun{false};
  const auto fails = [&]() -> task<int> {
    begun = true;
    throw std::runtime_error("untaken");
    co_return 0;
  };
  const auto body = [&](completions<int>&) -> task<> {
    while (!begun) co_await dwell::yield_now();
  };
  std::vector<task<int>> tasks;
  tasks.push_back(fails());
  tasks.push_back(after(0ms, 1));
  dwell::run(as_completed(std::move(tasks), body), pool());
  dwell::set_unobserved_error_hook(before);
  EXPECT_EQ(reports, 1);
}

TEST_P(as_completed_tasks, are_ten_thousand_and_each_comes_once) {
  const auto brief = [](int i) -> task<int> {
    if (i % 3 == 1) co_await dwell::yield_now();
    if (i % 3 == 2) co_await dwell::sleep_for(1us * (i % 100));
    co_return i;
  };
  const auto count = static_cast<int>(dwell_test::scaled(10'000));
  std::vector<task<int>> tasks;
  for (int i = 0; i < count; ++i) tasks.push_back(brief(i));
  const auto values = dwell::run(as_completed(std::move(tasks), &take_all), pool());
  std::int64_t sum = 0;
  for (const int v : values) sum += v;
  EXPECT_EQ(static_cast<int>(values.size()), count);
  EXPECT_EQ(sum, std::int64_t{count} * (count - 1) / 2);
}

TEST(as_completed_death, says_that_one_task_takes_at_a_time) {
  const auto body = [](completions<int>& c) -> task<> {
    const auto take = [&]() -> task<> { static_cast<void>(co_await c.next()); };
    auto both = dwell::gather(take(), take());
    co_await std::move(both);
  };
  const auto main = [&]() -> task<> {
    std::vector<task<int>> tasks;
    tasks.push_back(after(1h, 1));
    co_await as_completed(std::move(tasks), body);
  };
  EXPECT_DEATH(dwell_test::run_on(1, main()), "dwell: completions::next: two tasks await it");
}

}  // namespace
