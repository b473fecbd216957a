// race: the first to end wins, and the others are gone when it returns.
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/scale.hpp"
#include "support/sleepers.hpp"
#include "support/tracked.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::race;
using dwell::task;
using dwell_test::sleepers;
using dwell_test::tracked;
using namespace std::chrono_literals;

class a_race : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a race"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_race, dwell_test::each_worker_count());

task<int> after(std::chrono::nanoseconds d, int n) {
  co_await dwell::sleep_for(d);
  co_return n;
}

TEST_P(a_race, gives_the_value_and_place_of_its_winner) {
  const auto main = []() -> task<int> {
    auto three = race(after(1h, 1), after(1ms, 2), after(2h, 3));
    const auto winner = co_await std::move(three);
    co_return static_cast<int>(winner.index()) * 10 + std::get<1>(winner);
  };
  EXPECT_EQ(dwell::run(main(), pool()), 12);
}

TEST_P(a_race, takes_tasks_of_different_types) {
  static int object = 5;
  const auto main = []() -> task<bool> {
    const auto text = []() -> task<std::string> {
      co_await dwell::sleep_for(1h);
      co_return "text";
    };
    const auto nothing = []() -> task<> { co_await dwell::sleep_for(1h); };
    const auto refers = []() -> task<int&> {
      co_await dwell::sleep_for(1ms);
      co_return object;
    };
    auto three = race(text(), nothing(), refers());
    const std::variant<std::string, std::monostate, std::reference_wrapper<int>> winner =
        co_await std::move(three);
    co_return winner.index() == 2 && &std::get<2>(winner).get() == &object;
  };
  EXPECT_TRUE(dwell::run(main(), pool()));
}

TEST_P(a_race, over_a_vector_says_which_one_won) {
  const auto main = []() -> task<std::size_t> {
    std::vector<task<tracked>> runners;
    for (int i = 0; i < 20; ++i)
      runners.push_back([](int n) -> task<tracked> {
        co_await dwell::sleep_for(n == 13 ? 1ms : 1h);
        co_return tracked(n);
      }(i));
    auto all = race(std::move(runners));
    const dwell::race_winner<tracked> winner = co_await std::move(all);
    co_return winner.value.value() == 13 ? winner.index : 0;
  };
  EXPECT_EQ(dwell::run(main(), pool()), 13U);
  EXPECT_EQ(tracked::alive(), 0);
}

TEST_P(a_race, is_won_by_an_error_too) {
  sleepers all;
  const auto main = [&]() -> task<> {
    const auto fails = [&]() -> task<int> {
      co_await all.all_begun(2);
      throw std::runtime_error("first");
    };
    auto three = race(all.sleep<int>(), fails(), all.sleep<int>());
    co_await std::move(three);
  };
  EXPECT_THROW(dwell::run(main(), pool()), std::runtime_error);
  EXPECT_EQ(all.stopped, 2);
}

TEST_P(a_race, returns_after_its_losers_have_cleaned_up) {
  sleepers all;
  const auto main = [&]() -> task<int> {
    std::vector<task<int>> runners;
    for (int i = 0; i < 10; ++i) runners.push_back(all.sleep<int>());
    const auto wins = [&]() -> task<int> {
      co_await all.all_begun(10);
      co_return 1;
    };
    runners.push_back(wins());
    auto eleven = race(std::move(runners));
    co_await std::move(eleven);
    co_return all.stopped.load();
  };
  EXPECT_EQ(dwell::run(main(), pool()), 10);
}

TEST(a_race_on_one_worker, does_not_start_who_comes_after_a_winner) {
  bool ran = false;
  const auto sets = [&]() -> task<int> {
    ran = true;
    co_return 2;
  };
  const auto at_once = []() -> task<int> { co_return 1; };
  const auto main = [&]() -> task<int> {
    auto both = race(at_once(), sets());
    const auto winner = co_await std::move(both);
    co_return std::get<0>(winner);
  };
  EXPECT_EQ(dwell_test::run_on(1, main()), 1);
  EXPECT_FALSE(ran);
}

TEST_P(a_race, is_not_won_by_a_task_that_is_only_cancelled) {
  const auto main = []() -> task<int> {
    auto other = dwell::spawn(after(1h, 0));
    const auto joins = [&]() -> task<int> { co_return co_await other; };
    const auto stops = [&]() -> task<int> {
      co_await dwell::sleep_for(1ms);
      other.cancel();
      co_return co_await after(2ms, 7);
    };
    auto both = race(joins(), stops());
    const auto winner = co_await std::move(both);
    co_return std::get<1>(winner);
  };
  EXPECT_EQ(dwell::run(main(), pool()), 7);
}

TEST_P(a_race, passes_a_cancellation_from_outside_on) {
  sleepers all;
  const auto main = [&]() -> task<bool> {
    const auto runs = [&]() -> task<> {
      auto both = race(all.sleep<int>(), all.sleep<int>());
      co_await std::move(both);
    };
    auto handle = dwell::spawn(runs());
    co_await all.all_begun(2);
    handle.cancel();
    try {
      co_await handle;
    } catch (const dwell::cancelled&) {
      co_return true;
    }
    co_return false;
  };
  EXPECT_TRUE(dwell::run(main(), pool()));
  EXPECT_EQ(all.stopped, 2);
}

TEST_P(a_race, gives_its_result_when_the_cancellation_came_after_the_winner) {
  const auto main = []() -> task<int> {
    sleepers all;
    dwell::join_handle<int> handle;
    std::atomic<bool> ready{false};
    const auto wins_and_cancels = [&]() -> task<int> {
      while (!ready) co_await dwell::yield_now();
      handle.cancel();
      co_return 9;
    };
    const auto runs = [&]() -> task<int> {
      auto both = race(all.sleep<int>(), wins_and_cancels());
      const auto winner = co_await std::move(both);
      co_return std::get<1>(winner);
    };
    handle = dwell::spawn(runs());
    ready = true;
    co_return co_await handle;
  };
  EXPECT_EQ(dwell::run(main(), pool()), 9);
}

TEST_P(a_race, does_not_begin_in_a_cancelled_scope) {
  std::atomic<bool> ran{false};
  bool thrown = false;
  const auto sets = [&]() -> task<int> {
    ran = true;
    co_return 1;
  };
  const auto body = [&](dwell::task_group& group) -> task<> {
    group.cancel();
    auto both = race(sets(), sets());
    try {
      co_await std::move(both);
    } catch (const dwell::cancelled&) {
      thrown = true;
    }
  };
  dwell::run(dwell::with_task_group(body), pool());
  EXPECT_TRUE(thrown);
  EXPECT_FALSE(ran);
}

TEST_P(a_race, gives_an_error_of_a_loser_to_the_hook) {
  static std::atomic<int> reports{0};
  reports = 0;
  const auto before = dwell::set_unobserved_error_hook(
      [](std::exception_ptr, const std::source_location&) noexcept { ++reports; });
  std::atomic<bool> begun{false};
  const auto fails_in_cleanup = [&]() -> task<int> {
    begun = true;
    try {
      co_await dwell::sleep_for(1h);
    } catch (const dwell::cancelled&) {
    }
    throw std::runtime_error("too late");
  };
  const auto main = [&]() -> task<int> {
    const auto wins = [&]() -> task<int> {
      while (!begun) co_await dwell::yield_now();
      co_return 3;
    };
    auto three = race(fails_in_cleanup(), wins(), after(1h, 0));
    const auto winner = co_await std::move(three);
    co_return std::get<1>(winner);
  };
  EXPECT_EQ(dwell::run(main(), pool()), 3);
  dwell::set_unobserved_error_hook(before);
  EXPECT_EQ(reports, 1);
}

TEST_P(a_race, has_one_winner_however_close_it_is) {
  const auto runner = [](int i) -> task<int> {
    if (i % 3 == 1) co_await dwell::yield_now();
    if (i % 3 == 2) co_await dwell::sleep_for(1us);
    co_return i;
  };
  const auto main = [&](std::int64_t rounds) -> task<std::int64_t> {
    std::int64_t right = 0;
    for (std::int64_t round = 0; round < rounds; ++round) {
      std::vector<task<int>> runners;
      for (int i = 0; i < 8; ++i) runners.push_back(runner(round % 2 == 0 ? 2 : i));
      auto all = race(std::move(runners));
      const auto winner = co_await std::move(all);
      if (round % 2 == 0 || winner.value == static_cast<int>(winner.index)) ++right;
    }
    co_return right;
  };
  const std::int64_t rounds = dwell_test::scaled(3'000);
  EXPECT_EQ(dwell::run(main(rounds), pool()), rounds);
}

TEST(race_death, says_that_nobody_can_win) {
  EXPECT_DEATH(static_cast<void>(race(std::vector<task<int>>())),
               "dwell: race: there are no tasks, so none can win");
}

TEST(race_death, says_that_a_task_is_empty) {
  EXPECT_DEATH(static_cast<void>(race(task<int>(), task<>())), "dwell: race: the task is empty");
}

}  // namespace
