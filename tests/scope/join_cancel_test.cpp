// join_handle::cancel: asking a spawned task to stop.
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>

#include "support/scale.hpp"
#include "support/sleepers.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::join_handle;
using dwell::spawn;
using dwell::task;
using namespace std::chrono_literals;

class a_cancelled_task : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"join_handle::cancel"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_cancelled_task, dwell_test::each_worker_count());

task<int> number(int n) { co_return n; }

task<int> sleep_long() {
  co_await dwell::sleep_for(1h);
  co_return 1;
}

/// "cancelled", an error's text, or the value.
template <class T>
task<std::string> end_of(join_handle<T>& handle) {
  try {
    co_return std::to_string(co_await handle);
  } catch (const dwell::cancelled&) {
    co_return "cancelled";
  } catch (const std::exception& e) {
    co_return e.what();
  }
}

TEST_P(a_cancelled_task, wakes_from_its_sleep_and_is_joined_as_cancelled) {
  const auto main = []() -> task<std::string> {
    auto handle = spawn(sleep_long());
    co_await dwell::sleep_for(1ms);
    EXPECT_TRUE(handle.cancel());
    co_return co_await end_of(handle);
  };
  EXPECT_EQ(dwell::run(main(), pool()), "cancelled");
}

TEST_P(a_cancelled_task, cannot_be_cancelled_twice_or_after_its_end) {
  const auto main = []() -> task<> {
    auto handle = spawn(sleep_long());
    EXPECT_TRUE(handle.cancel());
    EXPECT_FALSE(handle.cancel());
    co_await handle.wait();
    EXPECT_TRUE(handle.done());
    auto ended = spawn(number(1));
    co_await ended.wait();
    EXPECT_FALSE(ended.cancel());
    EXPECT_EQ(co_await end_of(ended), "1");
  };
  dwell::run(main(), pool());
}

TEST(a_cancelled_task_not_begun, never_runs) {
  // One worker: the child cannot begin before its parent gives way.
  bool ran = false;
  const auto sets = [&]() -> task<int> {
    ran = true;
    co_return 1;
  };
  const auto main = [&]() -> task<std::string> {
    auto handle = spawn(sets());
    EXPECT_TRUE(handle.cancel());
    co_return co_await end_of(handle);
  };
  EXPECT_EQ(dwell_test::run_on(1, main()), "cancelled");
  EXPECT_FALSE(ran);
}

TEST_P(a_cancelled_task, is_stopped_at_every_later_wait) {
  int stops = 0;
  std::atomic<bool> begun{false};
  const auto stubborn = [&]() -> task<int> {
    begun = true;
    for (int i = 0; i < 3; ++i) {
      try {
        co_await sleep_long();
      } catch (const dwell::cancelled&) {
        ++stops;
      }
    }
    co_return stops;
  };
  const auto main = [&]() -> task<std::string> {
    auto handle = spawn(stubborn());
    while (!begun) co_await dwell::yield_now();
    handle.cancel();
    co_return co_await end_of(handle);
  };
  EXPECT_EQ(dwell::run(main(), pool()), "3");
}

TEST_P(a_cancelled_task, gives_its_value_if_it_catches_the_cancellation) {
  std::atomic<bool> begun{false};
  const auto catches = [&]() -> task<int> {
    begun = true;
    try {
      co_await sleep_long();
    } catch (const dwell::cancelled&) {
    }
    co_return 42;
  };
  const auto main = [&]() -> task<std::string> {
    auto handle = spawn(catches());
    while (!begun) co_await dwell::yield_now();
    handle.cancel();
    co_return co_await end_of(handle);
  };
  EXPECT_EQ(dwell::run(main(), pool()), "42");
}

TEST_P(a_cancelled_task, gives_its_value_if_it_awaits_nothing_more) {
  const auto cancels_itself = [](join_handle<int>& self) -> task<int> {
    while (!self.joinable()) co_await dwell::yield_now();
    self.cancel();
    co_return 7;
  };
  const auto main = [&]() -> task<std::string> {
    join_handle<int> handle;
    std::atomic<bool> set{false};
    const auto waits = [&]() -> task<int> {
      while (!set) co_await dwell::yield_now();
      co_return co_await cancels_itself(handle);
    };
    handle = spawn(waits());
    set = true;
    co_return co_await end_of(handle);
  };
  EXPECT_EQ(dwell::run(main(), pool()), "7");
}

TEST_P(a_cancelled_task, that_cancels_itself_is_stopped_at_its_next_wait) {
  const auto main = [&]() -> task<std::string> {
    join_handle<int> handle;
    std::atomic<bool> set{false};
    const auto body = [&]() -> task<int> {
      while (!set) co_await dwell::yield_now();
      handle.cancel();
      co_return co_await sleep_long();
    };
    handle = spawn(body());
    set = true;
    co_return co_await end_of(handle);
  };
  EXPECT_EQ(dwell::run(main(), pool()), "cancelled");
}

TEST_P(a_cancelled_task, gives_an_error_of_its_cleanup) {
  std::atomic<bool> begun{false};
  const auto fails = [&]() -> task<int> {
    begun = true;
    try {
      co_await sleep_long();
    } catch (const dwell::cancelled&) {
      throw std::runtime_error("in cleanup");
    }
    co_return 0;
  };
  const auto main = [&]() -> task<std::string> {
    auto handle = spawn(fails());
    while (!begun) co_await dwell::yield_now();
    handle.cancel();
    co_return co_await end_of(handle);
  };
  EXPECT_EQ(dwell::run(main(), pool()), "in cleanup");
}

TEST_P(a_cancelled_task, passes_its_cancellation_to_all_that_it_waits_for) {
  dwell_test::sleepers all;
  const auto parent = [&]() -> task<int> {
    auto both = dwell::gather(all.sleep(), all.sleep());
    co_await std::move(both);
    co_return 1;
  };
  const auto main = [&]() -> task<std::string> {
    auto handle = spawn(parent());
    co_await all.all_begun(2);
    handle.cancel();
    co_return co_await end_of(handle);
  };
  EXPECT_EQ(dwell::run(main(), pool()), "cancelled");
  EXPECT_EQ(all.stopped, 2);
}

TEST_P(a_cancelled_task, does_not_take_a_task_that_it_joins_along) {
  // The joiner is cancelled, and what it waited for runs on.
  const auto main = []() -> task<std::string> {
    auto inner = spawn([]() -> task<int> {
      co_await dwell::sleep_for(2ms);
      co_return 3;
    });
    auto joiner =
        spawn([](join_handle<int>& h) -> task<int> { co_return co_await h; }, std::ref(inner));
    co_await dwell::yield_now();
    joiner.cancel();
    EXPECT_EQ(co_await end_of(joiner), "cancelled");
    co_return co_await end_of(inner);
  };
  EXPECT_EQ(dwell::run(main(), pool()), "3");
}

TEST_P(a_cancelled_task, that_is_dropped_afterwards_is_reported_to_nobody) {
  static std::atomic<int> reports{0};
  reports = 0;
  const auto before = dwell::set_unobserved_error_hook(
      [](std::exception_ptr, const std::source_location&) noexcept { ++reports; });
  const auto main = []() -> task<> {
    auto handle = spawn(sleep_long());
    handle.cancel();
    handle.detach();
    co_return;
  };
  dwell::run(main(), pool());
  dwell::set_unobserved_error_hook(before);
  EXPECT_EQ(reports, 0);
}

TEST_P(a_cancelled_task, ends_once_whichever_comes_first) {
  const auto brief = [](int i) -> task<int> {
    if (i % 3 == 0) co_await dwell::yield_now();
    if (i % 3 == 1) co_await dwell::sleep_for(1us * (i % 40));
    co_return i;
  };
  const auto main = [&](std::int64_t rounds) -> task<std::int64_t> {
    std::int64_t ends = 0;
    for (std::int64_t i = 0; i < rounds; ++i) {
      auto handle = spawn(brief(static_cast<int>(i)));
      if (i % 5 == 0) co_await dwell::yield_now();
      if (i % 7 == 0) co_await dwell::sleep_for(1us * (i % 40));
      handle.cancel();
      const std::string end = co_await end_of(handle);
      if (end == "cancelled" || end == std::to_string(i)) ++ends;
    }
    co_return ends;
  };
  const std::int64_t rounds = dwell_test::scaled(10'000);
  EXPECT_EQ(dwell::run(main(rounds), pool()), rounds);
}

TEST(a_cancelled_task_from_outside, is_stopped_by_any_thread) {
  const dwell_test::watchdog dog("join_handle::cancel from a foreign thread");
  dwell::runtime rt(dwell_test::workers(2));
  auto handle = rt.spawn(sleep_long());
  EXPECT_TRUE(handle.cancel());
  const auto join = [&]() -> task<std::string> { co_return co_await end_of(handle); };
  EXPECT_EQ(rt.run(join()), "cancelled");
}

TEST(join_cancel_death, says_that_there_is_no_task) {
  EXPECT_DEATH(
      {
        join_handle<int> none;
        none.cancel();
      },
      "dwell: join_handle::cancel: joined, detached or moved from already");
}

// ---- Who swallows it ----

template <class Wait>
task<> swallows_until(const bool& stop, Wait wait) {
  while (!stop) {
    try {
      co_await wait();
    } catch (const dwell::cancelled&) {
    }
  }
}

template <class Wait>
task<> cancels_and_goes_on(Wait wait) {
  bool stop = false;
  auto handle = dwell::spawn(swallows_until(stop, wait));
  co_await dwell::yield_now();
  handle.cancel();
  for (int i = 0; i < 10; ++i) co_await dwell::yield_now();
  stop = true;
  co_await handle.wait();
}

TEST(a_task_that_swallows_its_cancellation, lets_others_of_its_worker_run) {
  const dwell_test::watchdog dog("a swallowed cancellation");
  const auto sleeps = []() -> task<> { co_await dwell::sleep_for(std::chrono::hours(1)); };
  dwell_test::run_on(1, cancels_and_goes_on(sleeps));
  dwell::semaphore none(0);
  const auto acquires = [&]() -> task<> { (void)co_await none.acquire(); };
  dwell_test::run_on(1, cancels_and_goes_on(acquires));
  dwell::event never;
  const auto waits = [&]() -> task<> { co_await never.wait(); };
  dwell_test::run_on(1, cancels_and_goes_on(waits));
}

}  // namespace
