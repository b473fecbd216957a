// map_limited: a task for each element, so many at a time.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <ranges>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/task/frame_pool.hpp>

#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::map_limited;
using dwell::map_limited_settled;
using dwell::task;
using namespace std::chrono_literals;

class a_limited_map : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"map_limited"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_limited_map, dwell_test::each_worker_count());

std::vector<int> numbers(int count) {
  std::vector<int> all;
  for (int i = 0; i < count; ++i) all.push_back(i);
  return all;
}

/// How many are inside at once, at most. The first `first` wait until all of them are.
struct crowd {
  int first = 0;
  std::atomic<int> now{0};
  std::atomic<int> most{0};

  task<int> visit(int i) {
    const int here = ++now;
    for (int seen = most; seen < here && !most.compare_exchange_weak(seen, here);) {
    }
    while (i < first && most < first) co_await dwell::yield_now();
    co_await dwell::sleep_for(1us * (i % 50));
    --now;
    co_return 2 * i;
  }
};

TEST_P(a_limited_map, gives_results_in_order_with_at_most_limit_in_flight) {
  crowd c;
  c.first = 7;
  const auto results =
      dwell::run(map_limited(numbers(1000), 7, [&](int i) { return c.visit(i); }), pool());
  ASSERT_EQ(results.size(), 1000U);
  for (int i = 0; i < 1000; ++i) ASSERT_EQ(results[static_cast<std::size_t>(i)], 2 * i);
  EXPECT_EQ(c.most, 7);
}

TEST_P(a_limited_map, runs_all_at_once_when_the_limit_is_higher_than_the_count) {
  crowd c;
  const auto results =
      dwell::run(map_limited(numbers(3), 100, [&](int i) { return c.visit(i); }), pool());
  EXPECT_EQ(results, (std::vector<int>{0, 2, 4}));
  EXPECT_TRUE(
      dwell::run(map_limited(numbers(0), 1, [&](int i) { return c.visit(i); }), pool()).empty());
}

TEST_P(a_limited_map, makes_a_frame_when_its_turn_comes) {
  const std::int64_t before = dwell::core::live_frames();
  std::atomic<std::int64_t> most{0};
  const auto look = [&](int) -> task<> {
    most = std::max(most.load(), dwell::core::live_frames() - before);
    co_await dwell::yield_now();
  };
  dwell::run(map_limited(numbers(2000), 3, look), pool());
  EXPECT_LT(most, 20);
}

TEST_P(a_limited_map, takes_views_and_move_only_elements) {
  const auto square = [](int i) -> task<int> { co_return i* i; };
  const auto squares = dwell::run(map_limited(std::views::iota(1, 5), 2, square), pool());
  EXPECT_EQ(squares, (std::vector<int>{1, 4, 9, 16}));
  std::vector<std::unique_ptr<int>> owned;
  owned.push_back(std::make_unique<int>(5));
  const auto read = [](const std::unique_ptr<int>& p) -> task<int> {
    co_await dwell::yield_now();
    co_return *p;
  };
  EXPECT_EQ(dwell::run(map_limited(std::move(owned), 2, read), pool()), (std::vector<int>{5}));
}

TEST_P(a_limited_map, gives_references_and_nothing) {
  static int object = 0;
  const auto refers = [](int) -> task<int&> { co_return object; };
  const auto same = dwell::run(map_limited(numbers(2), 2, refers), pool());
  EXPECT_EQ(&same[1].get(), &object);
  const auto nothing = [](int) -> task<> { co_return; };
  EXPECT_EQ(dwell::run(map_limited(numbers(2), 2, nothing), pool()).size(), 2U);
}

TEST_P(a_limited_map, stops_at_the_first_failure_and_throws_it) {
  std::atomic<int> begun{0};
  std::atomic<int> stopped{0};
  const auto visit = [&](int i) -> task<int> {
    ++begun;
    if (i == 3) throw std::runtime_error("three");
    try {
      co_await dwell::sleep_for(1h);
    } catch (const dwell::cancelled&) {
      ++stopped;
      throw;
    }
    co_return i;
  };
  EXPECT_THROW(dwell::run(map_limited(numbers(1000), 4, visit), pool()), std::runtime_error);
  EXPECT_LE(begun, 4);
  EXPECT_LT(stopped, 4);
}

TEST(a_limited_map_on_one_worker, begins_nothing_after_a_failure_even_where_nothing_waits) {
  std::atomic<int> begun{0};
  const auto visit = [&](int i) -> task<int> {
    ++begun;
    if (i == 10) throw std::runtime_error("ten");
    co_return i;
  };
  EXPECT_THROW(dwell_test::run_on(1, map_limited(numbers(1000), 4, visit)), std::runtime_error);
  EXPECT_EQ(begun, 11);
}

TEST_P(a_limited_map, is_cancelled_from_outside) {
  std::atomic<int> begun{0};
  const auto main = [&]() -> task<bool> {
    const auto visit = [&](int i) -> task<int> {
      ++begun;
      co_await dwell::sleep_for(1h);
      co_return i;
    };
    auto handle = dwell::spawn(map_limited(numbers(100), 5, visit));
    co_await dwell::sleep_for(2ms);
    handle.cancel();
    try {
      static_cast<void>(co_await handle);
    } catch (const dwell::cancelled&) {
      co_return true;
    }
    co_return false;
  };
  EXPECT_TRUE(dwell::run(main(), pool()));
  EXPECT_LE(begun, 5);
}

TEST_P(a_limited_map, that_settles_gives_an_outcome_for_each) {
  const auto visit = [](int i) -> task<int> {
    co_await dwell::sleep_for(1us * i);
    if (i % 2 == 1) throw std::runtime_error(std::to_string(i));
    co_return i;
  };
  auto results = dwell::run(map_limited_settled(numbers(100), 5, visit), pool());
  ASSERT_EQ(results.size(), 100U);
  for (std::size_t i = 0; i < 100; ++i) {
    ASSERT_EQ(results[i].has_value(), i % 2 == 0);
    if (i % 2 == 0) {
      ASSERT_EQ(*results[i], static_cast<int>(i));
    } else {
      ASSERT_THROW(static_cast<void>(results[i].value()), std::runtime_error);
    }
  }
}

TEST_P(a_limited_map, that_settles_takes_what_its_callable_throws_as_an_outcome) {
  const auto refuses = [](int) -> task<int&> { throw std::runtime_error("no task"); };
  const auto results = dwell::run(map_limited_settled(numbers(2), 1, refuses), pool());
  EXPECT_FALSE(results[0].has_value());
  EXPECT_FALSE(results[1].has_value());
  const auto nothing = [](int) -> task<> { co_return; };
  EXPECT_TRUE(dwell::run(map_limited_settled(numbers(1), 1, nothing), pool())[0].has_value());
}

TEST_P(a_limited_map, that_settles_passes_a_cancellation_from_outside_on) {
  const auto main = []() -> task<bool> {
    const auto visit = [](int i) -> task<int> {
      co_await dwell::sleep_for(1h);
      co_return i;
    };
    auto handle = dwell::spawn(map_limited_settled(numbers(3), 3, visit));
    co_await dwell::sleep_for(2ms);
    handle.cancel();
    try {
      static_cast<void>(co_await handle);
    } catch (const dwell::cancelled&) {
      co_return true;
    }
    co_return false;
  };
  EXPECT_TRUE(dwell::run(main(), pool()));
}

TEST_P(a_limited_map, loses_nothing_under_load) {
  const auto count = static_cast<int>(dwell_test::scaled(50'000));
  const auto visit = [](int i) -> task<int> {
    if (i % 5 == 0) co_await dwell::yield_now();
    if (i % 11 == 0) co_await dwell::sleep_for(1us);
    co_return i;
  };
  EXPECT_EQ(dwell::run(map_limited(numbers(count), 64, visit), pool()), numbers(count));
}

TEST(map_limited_death, says_that_a_limit_of_zero_lets_nothing_run) {
  const auto nothing = [](int) -> task<> { co_return; };
  EXPECT_DEATH(static_cast<void>(dwell_test::run_on(1, map_limited(numbers(1), 0, nothing))),
               "dwell: map_limited: a limit of 0 lets nothing run");
}

}  // namespace
