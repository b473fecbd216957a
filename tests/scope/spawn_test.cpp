// spawn and join_handle: a task beside its parent, and how the two find each other again.
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/scale.hpp"
#include "support/tracked.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::join_handle;
using dwell::spawn;
using dwell::task;
using dwell_test::scaled;
using dwell_test::tracked;
using namespace std::chrono_literals;

class a_spawned_task : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a spawned task"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_spawned_task, dwell_test::each_worker_count());

task<int> number(int n) { co_return n; }

task<int> number_after(std::chrono::nanoseconds delay, int n) {
  co_await dwell::sleep_for(delay);
  co_return n;
}

template <class T>
task<> until_done(const join_handle<T>& handle) {
  while (!handle.done()) co_await dwell::yield_now();
}

TEST_P(a_spawned_task, gives_its_value_to_the_join_that_waits) {
  const auto joins = []() -> task<int> {
    auto handle = spawn(number_after(2ms, 7));
    co_return co_await handle;
  };
  EXPECT_EQ(dwell::run(joins(), pool()), 7);
}

TEST_P(a_spawned_task, gives_its_value_to_a_join_after_its_end) {
  const auto joins = []() -> task<int> {
    auto handle = spawn(number(8));
    co_await until_done(handle);
    co_return co_await handle;
  };
  EXPECT_EQ(dwell::run(joins(), pool()), 8);
}

TEST_P(a_spawned_task, gives_references_and_move_only_values) {
  static int object = 0;
  const auto refer = []() -> task<int&> { co_return object; };
  const auto make = []() -> task<tracked> { co_return tracked(3); };
  const auto joins = [&]() -> task<bool> {
    auto first = spawn(refer());
    auto second = spawn(make());
    int& same = co_await first;
    const tracked value = co_await second;
    co_return &same == &object&& value.value() == 3;
  };
  EXPECT_TRUE(dwell::run(joins(), pool()));
  EXPECT_EQ(tracked::alive(), 0);
}

TEST_P(a_spawned_task, gives_its_error_to_its_joiner) {
  const auto fails = []() -> task<> {
    co_await dwell::yield_now();
    throw std::runtime_error("for the joiner");
  };
  const auto joins = [&]() -> task<std::string> {
    auto handle = spawn(fails());
    try {
      co_await handle;
    } catch (const std::runtime_error& e) {
      co_return e.what();
    }
    co_return "nothing";
  };
  EXPECT_EQ(dwell::run(joins(), pool()), "for the joiner");
}

TEST_P(a_spawned_task, runs_on_after_its_handle_was_dropped) {
  std::atomic<bool> ran{false};
  const auto sets = [&]() -> task<> {
    co_await dwell::sleep_for(1ms);
    ran = true;
  };
  const auto drops = [&]() -> task<> {
    { const auto dropped = spawn(sets()); }
    spawn(sets()).detach();
    while (!ran) co_await dwell::yield_now();
  };
  dwell::run(drops(), pool());
  EXPECT_TRUE(ran);
}

TEST_P(a_spawned_task, frees_a_result_that_nobody_joins_for) {
  const auto make = []() -> task<tracked> { co_return tracked(3); };
  const auto drops = [&]() -> task<> {
    for (int i = 0; i < 100; ++i) {
      auto handle = spawn(make());
      if (i % 2 == 0) co_await until_done(handle);
    }
  };
  dwell::run(drops(), pool());
  EXPECT_EQ(tracked::alive(), 0);
}

TEST_P(a_spawned_task, says_when_it_is_done) {
  const auto look = []() -> task<bool> {
    auto ends = dwell::make_oneshot<int>();
    const auto waits = [&]() -> task<int> { co_return co_await ends.second; };
    auto handle = spawn(waits());
    co_await dwell::yield_now();
    const bool too_early = handle.done();
    ends.first.send(1);
    co_await until_done(handle);
    const int value = co_await handle;
    co_return !too_early && value == 1;
  };
  EXPECT_TRUE(dwell::run(look(), pool()));
}

TEST_P(a_spawned_task, can_be_joined_by_another_than_its_parent) {
  const auto joins = [](join_handle<int> handle) -> task<int> { co_return co_await handle; };
  const auto hands_over = [&]() -> task<int> {
    auto first = spawn(number_after(1ms, 5));
    auto second = spawn(joins(std::move(first)));
    co_return co_await second;
  };
  EXPECT_EQ(dwell::run(hands_over(), pool()), 5);
}

TEST_P(a_spawned_task, can_spawn_in_turn) {
  static std::atomic<int> alive{0};
  struct hydra {
    static task<> grow(int depth) {
      ++alive;
      if (depth == 0) co_return;
      auto left = spawn(grow(depth - 1));
      auto right = spawn(grow(depth - 1));
      co_await left;
      co_await right;
    }
  };
  alive = 0;
  dwell::run(hydra::grow(8), pool());
  EXPECT_EQ(alive, 511);
}

TEST_P(a_spawned_task, is_one_of_a_hundred_thousand) {
  const auto count = static_cast<int>(scaled(100'000));
  const auto many = [](int n) -> task<std::int64_t> {
    std::vector<join_handle<int>> handles;
    for (int i = 0; i < n; ++i)
      handles.push_back(spawn(i % 2 == 0 ? number(i) : number_after(1us * (i % 100), i)));
    std::int64_t sum = 0;
    for (auto& handle : handles) sum += co_await handle;
    co_return sum;
  };
  EXPECT_EQ(dwell::run(many(count), pool()), std::int64_t{count} * (count - 1) / 2);
}

TEST_P(a_spawned_task, loses_no_race_between_its_end_and_its_join) {
  const auto races = [](std::int64_t rounds) -> task<int> {
    int sum = 0;
    for (std::int64_t i = 0; i < rounds; ++i) {
      auto handle = spawn(number(1));
      if (i % 3 == 0) co_await dwell::yield_now();
      sum += co_await handle;
    }
    co_return sum;
  };
  const std::int64_t rounds = scaled(20'000);
  EXPECT_EQ(dwell::run(races(rounds), pool()), rounds);
}

TEST_P(a_spawned_task, loses_no_race_between_its_end_and_its_drop) {
  std::atomic<int> runs{0};
  const auto counts = [&]() -> task<> {
    ++runs;
    co_return;
  };
  const auto races = [&](std::int64_t rounds) -> task<> {
    for (std::int64_t i = 0; i < rounds; ++i) {
      auto handle = spawn(counts());
      if (i % 3 == 0) co_await dwell::yield_now();
      handle.detach();
    }
    while (runs < rounds) co_await dwell::yield_now();
  };
  dwell::run(races(scaled(20'000)), pool());
}

// ---- spawn(fn, args...) ----

TEST_P(a_spawned_task, keeps_the_captures_of_its_lambda_alive) {
  const auto spawns = []() -> task<std::string> {
    const auto start = []() {
      const std::string captured = "long enough not to fit into the string itself";
      return spawn([captured]() -> task<std::string> {
        co_await dwell::sleep_for(1ms);
        co_return captured;
      });
    };
    auto handle = start();  // the lambda and its capture have gone out of scope
    co_return co_await handle;
  };
  EXPECT_EQ(dwell::run(spawns(), pool()), "long enough not to fit into the string itself");
}

TEST_P(a_spawned_task, takes_arguments_move_only_ones_too) {
  const auto add = [](std::unique_ptr<int> a, int b, const std::string& c) -> task<int> {
    co_await dwell::yield_now();
    co_return *a + b + static_cast<int>(c.size());
  };
  const auto spawns = [&]() -> task<int> {
    auto handle = spawn(add, std::make_unique<int>(1), 20, std::string("three"));
    co_return co_await handle;
  };
  EXPECT_EQ(dwell::run(spawns(), pool()), 26);
}

TEST_P(a_spawned_task, can_be_made_of_a_function_or_a_mutable_lambda) {
  const auto spawns = []() -> task<int> {
    auto first = spawn(&number, 1);
    auto second = spawn([n = std::make_unique<int>(1)]() mutable -> task<int> {
      ++*n;
      co_return *n;
    });
    const int a = co_await first;
    const int b = co_await second;
    co_return 10 * a + b;
  };
  EXPECT_EQ(dwell::run(spawns(), pool()), 12);
}

TEST_P(a_spawned_task, gives_its_joiner_what_its_callable_throws_before_it_makes_a_task) {
  const auto refuses = [](int) -> task<int> { throw std::runtime_error("no task"); };
  const auto spawns = [&]() -> task<bool> {
    auto handle = spawn(refuses, 1);
    try {
      co_await handle;
    } catch (const std::runtime_error&) {
      co_return true;
    }
    co_return false;
  };
  EXPECT_TRUE(dwell::run(spawns(), pool()));
}

}  // namespace
