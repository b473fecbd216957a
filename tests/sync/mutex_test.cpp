// mutex: one task at a time, first come, first served.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/cancel_when.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::mutex;
using dwell::task;
using dwell_test::watchdog;

class a_mutex : public dwell_test::on_workers {};
INSTANTIATE_TEST_SUITE_P(workers, a_mutex, dwell_test::each_worker_count());

task<> lock_and_note(mutex& m, std::vector<int>& order, int who) {
  const mutex::guard guard = co_await m.lock();
  order.push_back(who);
}

// Becomes the `place`th to wait in `m`.
task<> stand_in_line(mutex& m, std::size_t place, std::vector<int>& order) {
  co_await dwell_test::until([&m, place] { return m.statistics().waiters == place; });
  co_await lock_and_note(m, order, static_cast<int>(place));
}

task<> unlock_when_waiting(mutex& m, mutex::guard held, std::size_t waiters) {
  co_await dwell_test::until([&m, waiters] { return m.statistics().waiters == waiters; });
  held.unlock();
}

TEST_P(a_mutex, lets_one_task_in_at_a_time) {
  const watchdog dog("mutex: exclusion");
  const std::int64_t rounds = dwell_test::scaled(2'000);
  mutex m;
  std::int64_t count = 0;  // plain: the mutex alone protects it
  int inside = 0;
  const auto worker = [&]() -> task<> {
    for (std::int64_t i = 0; i < rounds; ++i) {
      const mutex::guard guard = co_await m.lock();
      EXPECT_EQ(++inside, 1);
      if (i % 8 == 0) co_await dwell::yield_now();
      ++count;
      --inside;
    }
  };
  const auto all = [&]() -> task<> {
    std::vector<task<>> children;
    for (int i = 0; i < 8; ++i) children.push_back(worker());
    co_await dwell::gather(std::move(children));
  };
  dwell::run(all(), pool());
  EXPECT_EQ(count, 8 * rounds);
  EXPECT_EQ(m.statistics().acquired, static_cast<std::uint64_t>(8 * rounds));
}

TEST_P(a_mutex, is_handed_over_first_come_first_served) {
  mutex m;
  std::vector<int> order;
  const auto scenario = [&]() -> task<> {
    mutex::guard held = co_await m.lock();
    std::vector<task<>> children;
    for (std::size_t i = 0; i < 5; ++i) children.push_back(stand_in_line(m, i, order));
    children.push_back(unlock_when_waiting(m, std::move(held), 5));
    co_await dwell::gather(std::move(children));
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3, 4}));
}

TEST_P(a_mutex, is_not_overtaken_by_the_task_that_unlocks_it) {
  mutex m;
  std::vector<int> order;
  const auto again = [&](mutex::guard held) -> task<> {
    co_await dwell_test::until([&] { return m.statistics().waiters == 1; });
    held.unlock();
    co_await lock_and_note(m, order, 1);
  };
  const auto scenario = [&]() -> task<> {
    mutex::guard held = co_await m.lock();
    auto both = dwell::gather(stand_in_line(m, 0, order), again(std::move(held)));
    co_await std::move(both);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(order, (std::vector<int>{0, 1}));
}

TEST_P(a_mutex, is_tried_without_waiting) {
  const auto scenario = []() -> task<> {
    mutex m;
    std::optional<mutex::guard> first = m.try_lock();
    EXPECT_TRUE(first.has_value());
    EXPECT_FALSE(m.try_lock().has_value());
    first.reset();
    EXPECT_TRUE(m.try_lock().has_value());
    co_return;
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_mutex, is_unlocked_by_a_foreign_thread) {
  const watchdog dog("mutex: foreign unlock");
  mutex m;
  dwell::outside_work work;
  std::optional<mutex::guard> held = m.try_lock();
  std::thread foreign([&, keep = std::move(work)] {
    while (m.statistics().waiters == 0) std::this_thread::yield();
    held.reset();
  });
  std::vector<int> order;
  dwell::run(lock_and_note(m, order, 7), pool());
  foreign.join();
  EXPECT_EQ(order, std::vector<int>{7});
}

TEST_P(a_mutex, may_be_destroyed_by_the_last_task_that_waited) {
  const watchdog dog("mutex: destroyed by its last user");
  struct shared {
    mutex m;
  };
  const auto last = [](std::shared_ptr<shared> s) -> task<> {
    const mutex::guard guard = co_await s->m.lock();
  };
  const auto once = [&]() -> task<> {
    auto s = std::make_shared<shared>();
    mutex::guard held = co_await s->m.lock();
    auto waiter = dwell::spawn(last(s));
    mutex& m = s->m;
    co_await dwell_test::until([&m] { return m.statistics().waiters == 1; });
    s.reset();
    held.unlock();
    co_await waiter;
  };
  for (std::int64_t i = 0; i < dwell_test::scaled(200); ++i) dwell::run(once(), pool());
}

TEST_P(a_mutex, tells_its_statistics) {
  mutex m;
  const auto scenario = [&]() -> task<> {
    mutex::guard held = co_await m.lock();
    EXPECT_TRUE(m.statistics().locked);
    std::vector<int> order;
    auto both =
        dwell::gather(stand_in_line(m, 0, order), unlock_when_waiting(m, std::move(held), 1));
    co_await std::move(both);
  };
  dwell::run(scenario(), pool());
  const dwell::mutex_statistics s = m.statistics();
  EXPECT_FALSE(s.locked);
  EXPECT_EQ(s.waiters, 0U);
  EXPECT_EQ(s.acquired, 2U);
  EXPECT_EQ(s.contended, 1U);
}

TEST(a_guard, of_a_mutex_holds_it_until_it_goes) {
  mutex m;
  mutex::guard none;
  EXPECT_FALSE(none);
  none = *m.try_lock();
  EXPECT_TRUE(none);
  EXPECT_TRUE(m.statistics().locked);
  mutex::guard moved = std::move(none);
  EXPECT_EQ(moved.owner(), &m);
  moved.unlock();
  moved.unlock();
  EXPECT_FALSE(m.statistics().locked);
}

// ---- Cancellation ----

TEST_P(a_mutex, leaves_out_a_waiter_that_was_cancelled) {
  mutex m;
  std::vector<int> order;
  const auto scenario = [&]() -> task<> {
    mutex::guard held = co_await m.lock();
    auto victim = dwell_test::cancel_when(lock_and_note(m, order, 1),
                                          [&] { return m.statistics().waiters == 1; });
    co_await std::move(victim);
    EXPECT_EQ(m.statistics().waiters, 0U);
    held.unlock();
    co_await lock_and_note(m, order, 2);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(order, std::vector<int>{2});
}

TEST_P(a_mutex, that_is_free_is_refused_to_a_cancelled_task) {
  mutex m;
  std::atomic<bool> started{false};
  bool locked = false;
  const auto insists = [&]() -> task<> {
    started = true;
    try {
      co_await dwell::sleep_for(std::chrono::hours(1));
    } catch (const dwell::cancelled&) {
    }
    (void)co_await m.lock();
    locked = true;
  };
  dwell::run(dwell_test::cancel_when(insists(), [&] { return started.load(); }), pool());
  EXPECT_TRUE(started);
  EXPECT_FALSE(locked);
  EXPECT_EQ(m.statistics().acquired, 0U);
}

TEST_P(a_mutex, passes_on_when_its_unlock_meets_a_cancel) {
  // asyncio's cancel race: whichever of the two comes first, the next waiter gets the mutex.
  const watchdog dog("mutex: unlock against cancel");
  const auto once = [](std::vector<int>& order) -> task<> {
    mutex m;
    std::optional<mutex::guard> held = m.try_lock();
    dwell::outside_work work;
    std::atomic<bool> go{false};
    std::thread foreign([&] {
      while (!go) std::this_thread::yield();
      held.reset();
    });
    const auto when = [&] { return m.statistics().waiters == 2 && (go = true); };
    auto both = dwell::gather(dwell_test::cancel_when(lock_and_note(m, order, 0), when),
                              stand_in_line(m, 1, order));
    co_await std::move(both);
    foreign.join();
    EXPECT_FALSE(m.statistics().locked);
  };
  for (std::int64_t i = 0; i < dwell_test::scaled(300); ++i) {
    std::vector<int> order;
    dwell::run(once(order), pool());
    ASSERT_FALSE(order.empty());
    ASSERT_EQ(order.back(), 1);
  }
}

// ---- Mistakes ----

TEST(mutex_death, says_that_it_must_outlive_its_guards) {
  EXPECT_DEATH(
      {
        auto m = std::make_unique<mutex>();
        auto held = m->try_lock();
        m.reset();
      },
      "dwell: mutex: destroyed while it is locked; it must outlive its guards and its waits");
}

TEST_P(a_mutex, that_is_locked_twice_by_one_task_is_a_deadlock) {
  const auto twice = []() -> task<> {
    mutex m;
    const mutex::guard first = co_await m.lock();
    const mutex::guard second = co_await m.lock();
  };
  try {
    dwell::run(twice(), pool());
    FAIL() << "no deadlock was reported";
  } catch (const dwell::deadlock_error& e) {
    EXPECT_NE(std::string(e.what()).find("mutex::lock"), std::string::npos) << e.what();
  }
}

}  // namespace
