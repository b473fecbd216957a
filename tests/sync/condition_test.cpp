// condition: waiting for a change of what a mutex protects.
#include <atomic>
#include <cstdint>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/cancel_when.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::condition;
using dwell::mutex;
using dwell::task;
using dwell_test::watchdog;

class a_condition : public dwell_test::on_workers {};
INSTANTIATE_TEST_SUITE_P(workers, a_condition, dwell_test::each_worker_count());

struct shared {
  mutex m;
  condition changed;
  int value = 0;           // under m
  std::vector<int> order;  // under m

  [[nodiscard]] std::size_t waiters() const { return changed.statistics().waiters; }
};

// Becomes the `place`th to wait.
task<> wait_and_note(shared& s, std::size_t place) {
  co_await dwell_test::until([&s, place] { return s.waiters() == place; });
  mutex::guard held = co_await s.m.lock();
  co_await s.changed.wait(held);
  EXPECT_TRUE(s.m.statistics().locked);
  s.order.push_back(static_cast<int>(place));
}

TEST_P(a_condition, carries_items_from_producers_to_consumers) {
  const watchdog dog("condition: producers and consumers");
  const int rounds = static_cast<int>(dwell_test::scaled(1'000));
  shared s;
  std::int64_t sum = 0;  // under s.m
  const auto produces = [&]() -> task<> {
    for (int i = 1; i <= rounds; ++i) {
      mutex::guard held = co_await s.m.lock();
      co_await s.changed.wait(held, [&] { return s.value == 0; });
      s.value = i;
      s.changed.notify_all();
    }
  };
  const auto consumes = [&]() -> task<> {
    for (int i = 0; i < rounds; ++i) {
      mutex::guard held = co_await s.m.lock();
      co_await s.changed.wait(held, [&] { return s.value != 0; });
      sum += std::exchange(s.value, 0);
      s.changed.notify_all();
    }
  };
  const auto all = [&]() -> task<> {
    auto children = dwell::gather(produces(), consumes(), produces(), consumes());
    co_await std::move(children);
  };
  dwell::run(all(), pool());
  EXPECT_EQ(sum, std::int64_t{rounds} * (rounds + 1));
}

TEST_P(a_condition, notifies_one_at_a_time_in_the_order_of_arrival) {
  shared s;
  const auto notifies = [&]() -> task<> {
    co_await dwell_test::until([&] { return s.waiters() == 3; });
    for (std::size_t left = 3; left > 0; --left) {
      EXPECT_EQ(s.waiters(), left);
      s.changed.notify_one();
    }
  };
  const auto scenario = [&]() -> task<> {
    auto all =
        dwell::gather(wait_and_note(s, 0), wait_and_note(s, 1), wait_and_note(s, 2), notifies());
    co_await std::move(all);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(s.order, (std::vector<int>{0, 1, 2}));
  EXPECT_EQ(s.changed.statistics().notified, 3U);
  EXPECT_EQ(s.changed.statistics().waits, 3U);
}

TEST_P(a_condition, notifies_all_in_the_order_of_arrival) {
  shared s;
  const auto notifies = [&]() -> task<> {
    co_await dwell_test::until([&] { return s.waiters() == 3; });
    const mutex::guard held = co_await s.m.lock();
    s.changed.notify_all();
    EXPECT_EQ(s.waiters(), 0U);
    EXPECT_TRUE(s.order.empty());
  };
  const auto scenario = [&]() -> task<> {
    auto all =
        dwell::gather(wait_and_note(s, 0), wait_and_note(s, 1), wait_and_note(s, 2), notifies());
    co_await std::move(all);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(s.order, (std::vector<int>{0, 1, 2}));
}

TEST_P(a_condition, keeps_no_notification_for_later) {
  shared s;
  const auto scenario = [&]() -> task<> {
    s.changed.notify_one();
    s.changed.notify_all();
    auto victim = dwell_test::cancel_when(wait_and_note(s, 0), [&] { return s.waiters() == 1; });
    co_await std::move(victim);
  };
  dwell::run(scenario(), pool());
  EXPECT_TRUE(s.order.empty());
}

TEST_P(a_condition, is_notified_by_a_foreign_thread) {
  const watchdog dog("condition: foreign notify");
  shared s;
  dwell::outside_work work;
  std::thread foreign([&, keep = std::move(work)] {
    while (s.waiters() == 0) std::this_thread::yield();
    s.changed.notify_one();
  });
  dwell::run(wait_and_note(s, 0), pool());
  foreign.join();
  EXPECT_EQ(s.order, std::vector<int>{0});
}

TEST_P(a_condition, does_not_wait_for_a_predicate_that_holds) {
  shared s;
  const auto scenario = [&]() -> task<> {
    mutex::guard held = co_await s.m.lock();
    co_await s.changed.wait(held, [] { return true; });
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(s.changed.statistics().waits, 0U);
}

// ---- Cancellation ----

TEST_P(a_condition, gives_a_cancelled_wait_its_mutex_back_before_it_throws) {
  shared s;
  int thrown = 0;
  const auto waits = [&]() -> task<> {
    mutex::guard held = co_await s.m.lock();
    try {
      co_await s.changed.wait(held);
    } catch (const dwell::cancelled&) {
      EXPECT_TRUE(held);
      EXPECT_TRUE(s.m.statistics().locked);
      EXPECT_FALSE(s.m.try_lock().has_value());
      ++thrown;
      throw;
    }
  };
  dwell::run(dwell_test::cancel_when(waits(), [&] { return s.waiters() == 1; }), pool());
  EXPECT_EQ(thrown, 1);
  EXPECT_FALSE(s.m.statistics().locked);
}

TEST_P(a_condition, makes_a_cancelled_wait_stay_until_the_mutex_is_free) {
  shared s;
  std::atomic<bool> unlocked{false};
  bool in_time = false;
  const auto waits = [&]() -> task<> {
    mutex::guard held = co_await s.m.lock();
    try {
      co_await s.changed.wait(held);
    } catch (const dwell::cancelled&) {
      in_time = unlocked;
    }
  };
  const auto holds = [&]() -> task<> {
    co_await dwell_test::until([&] { return s.waiters() == 1; });
    mutex::guard held = co_await s.m.lock();
    // The cancelled one stands in the mutex's line now.
    co_await dwell_test::until([&] { return s.m.statistics().waiters == 1; });
    unlocked = true;
  };
  const auto scenario = [&]() -> task<> {
    auto victim = dwell_test::cancel_when(
        waits(), [&] { return s.waiters() == 1 && s.m.statistics().locked; });
    auto both = dwell::gather(std::move(victim), holds());
    co_await std::move(both);
  };
  dwell::run(scenario(), pool());
  EXPECT_TRUE(in_time);
}

TEST_P(a_condition, that_was_notified_before_the_cancel_returns) {
  // asyncio's wait cancelled after notify: the notification is not lost.
  shared s;
  const auto scenario = [&]() -> task<> {
    const auto notified_then_cancelled = [&]() -> bool {
      if (s.waiters() != 1) return false;
      std::optional<mutex::guard> held = s.m.try_lock();
      if (!held) return false;
      s.changed.notify_one();  // the wait stands in the mutex's line from here on
      return true;             // and is cancelled there
    };
    auto victim = dwell_test::cancel_when(wait_and_note(s, 0), notified_then_cancelled);
    co_await std::move(victim);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(s.order, std::vector<int>{0});
  EXPECT_FALSE(s.m.statistics().locked);
}

TEST_P(a_condition, loses_no_notification_that_meets_a_cancel) {
  const watchdog dog("condition: notify against cancel");
  const auto once = [](shared& s) -> task<> {
    dwell::outside_work work;
    std::atomic<bool> go{false};
    std::thread foreign([&] {
      while (!go) std::this_thread::yield();
      s.changed.notify_one();
    });
    // The victim is the first in line. If the cancel is faster, the second gets the notification;
    // otherwise the second waits on and is cancelled after it.
    auto victim = dwell_test::cancel_when(wait_and_note(s, 0),
                                          [&] { return s.waiters() == 2 && (go = true); });
    auto second = dwell_test::cancel_when(wait_and_note(s, 1), [&] {
      return s.changed.statistics().notified == 1 && s.m.statistics().waiters == 0;
    });
    auto both = dwell::gather(std::move(victim), std::move(second));
    co_await std::move(both);
    foreign.join();
  };
  for (std::int64_t i = 0; i < dwell_test::scaled(300); ++i) {
    shared s;
    dwell::run(once(s), pool());
    ASSERT_EQ(s.order.size(), 1U);
    ASSERT_EQ(s.changed.statistics().notified, 1U);
    ASSERT_FALSE(s.m.statistics().locked);
  }
}

// ---- Mistakes ----

TEST(condition_death, says_that_a_wait_needs_the_mutex) {
  const auto waits = []() -> task<> {
    condition changed;
    mutex::guard none;
    co_await changed.wait(none);
  };
  EXPECT_DEATH(dwell_test::run_on(1, waits()),
               "dwell: condition::wait: the guard holds no mutex; pass the one that co_await "
               "mutex.lock\\(\\) gave");
}

}  // namespace
