// event and auto_reset_event.
#include <atomic>
#include <cstdint>
#include <gtest/gtest.h>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/cancel_when.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::auto_reset_event;
using dwell::event;
using dwell::task;
using dwell_test::watchdog;

class an_event : public dwell_test::on_workers {};
INSTANTIATE_TEST_SUITE_P(workers, an_event, dwell_test::each_worker_count());

class an_auto_reset_event : public dwell_test::on_workers {};
INSTANTIATE_TEST_SUITE_P(workers, an_auto_reset_event, dwell_test::each_worker_count());

template <class Event>
task<> wait_and_count(Event& e, std::atomic<int>& count) {
  co_await e.wait();
  ++count;
}

template <class Event, class Then>
task<> when_waiting(Event& e, std::size_t waiters, Then then) {
  co_await dwell_test::until([&e, waiters] { return e.statistics().waiters == waiters; });
  then();
}

template <class Event>
std::vector<task<>> waits(Event& e, std::atomic<int>& count, int how_many) {
  std::vector<task<>> children;
  for (int i = 0; i < how_many; ++i) children.push_back(wait_and_count(e, count));
  return children;
}

TEST_P(an_event, that_is_set_lets_everybody_go_on) {
  event e;
  std::atomic<int> count{0};
  const auto scenario = [&]() -> task<> {
    std::vector<task<>> children = waits(e, count, 20);
    children.push_back(when_waiting(e, 20, [&] { e.set(); }));
    co_await dwell::gather(std::move(children));
    co_await wait_and_count(e, count);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(count, 21);
  EXPECT_TRUE(e.is_set());
}

TEST_P(an_event, that_is_reset_at_once_lets_those_go_on_who_waited) {
  event e;
  std::atomic<int> count{0};
  const auto scenario = [&]() -> task<> {
    std::vector<task<>> children = waits(e, count, 3);
    children.push_back(when_waiting(e, 3, [&] {
      e.set();
      e.reset();
    }));
    co_await dwell::gather(std::move(children));
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(count, 3);
  EXPECT_FALSE(e.is_set());
}

TEST(an_event_on_one_worker, lets_its_waiters_run_in_their_order) {
  event e;
  std::vector<int> order;
  const auto waiter = [&](int who) -> task<> {
    co_await e.wait();
    order.push_back(who);
  };
  const auto scenario = [&]() -> task<> {
    // Spawned one after the other, each when the one before waits.
    std::vector<dwell::join_handle<>> all;
    for (int i = 0; i < 4; ++i) {
      all.push_back(dwell::spawn(waiter(i)));
      const auto place = static_cast<std::size_t>(i) + 1;
      co_await dwell_test::until([&e, place] { return e.statistics().waiters == place; });
    }
    e.set();
    for (auto& one : all) co_await one;
  };
  dwell::run(scenario(), dwell_test::workers(1));
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
}

TEST_P(an_event, is_set_by_a_foreign_thread) {
  const watchdog dog("event: foreign set");
  event e;
  std::atomic<int> count{0};
  dwell::outside_work work;
  std::thread foreign([&, keep = std::move(work)] {
    while (e.statistics().waiters == 0) std::this_thread::yield();
    e.set();
  });
  dwell::run(wait_and_count(e, count), pool());
  foreign.join();
  EXPECT_EQ(count, 1);
}

TEST(an_event_on_one_worker, does_not_starve_others_when_it_is_awaited_in_a_loop) {
  // Without a budget the loop would keep the only worker for ever.
  const watchdog dog("event: a loop of waits for a set event");
  event always(true);
  bool stop = false;
  const auto loops = [&]() -> task<> {
    while (!stop) co_await always.wait();
  };
  const auto stops = [&]() -> task<> {
    stop = true;
    co_return;
  };
  const auto both = [&]() -> task<> {
    auto all = dwell::gather(loops(), stops());
    co_await std::move(all);
  };
  dwell::run(both(), dwell_test::workers(1));
  EXPECT_TRUE(stop);
}

TEST_P(an_event, tells_its_statistics) {
  event e;
  std::atomic<int> count{0};
  const auto scenario = [&]() -> task<> {
    auto both = dwell::gather(wait_and_count(e, count), when_waiting(e, 1, [&] { e.set(); }));
    co_await std::move(both);
    co_await e.wait();
  };
  dwell::run(scenario(), pool());
  const dwell::event_statistics s = e.statistics();
  EXPECT_TRUE(s.is_set);
  EXPECT_EQ(s.waiters, 0U);
  EXPECT_EQ(s.sets, 1U);
  EXPECT_EQ(s.contended, 1U);
}

TEST_P(an_event, forgets_a_cancelled_wait) {
  event e;
  std::atomic<int> count{0};
  const auto scenario = [&]() -> task<> {
    auto victim = dwell_test::cancel_when(wait_and_count(e, count),
                                          [&] { return e.statistics().waiters == 1; });
    co_await std::move(victim);
    EXPECT_EQ(e.statistics().waiters, 0U);
    e.set();
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(count, 0);
}

// ---- Automatic reset ----

TEST_P(an_auto_reset_event, lets_one_go_on_for_each_set) {
  auto_reset_event e;
  std::atomic<int> count{0};
  const auto sets = [&]() -> task<> {
    for (std::size_t left = 3; left > 0; --left) {
      co_await dwell_test::until([&] { return e.statistics().waiters == left; });
      EXPECT_FALSE(e.is_set());
      e.set();
    }
  };
  const auto scenario = [&]() -> task<> {
    std::vector<task<>> children = waits(e, count, 3);
    children.push_back(sets());
    co_await dwell::gather(std::move(children));
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(count, 3);
  EXPECT_FALSE(e.is_set());
}

TEST_P(an_auto_reset_event, that_is_set_twice_before_anybody_comes_lets_one_go_on) {
  auto_reset_event e;
  std::atomic<int> count{0};
  const auto scenario = [&]() -> task<> {
    e.set();
    e.set();
    co_await e.wait();
    auto victim = dwell_test::cancel_when(wait_and_count(e, count),
                                          [&] { return e.statistics().waiters == 1; });
    co_await std::move(victim);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(count, 0);
}

TEST_P(an_auto_reset_event, that_is_reset_lets_nobody_go_on) {
  auto_reset_event e(true);
  std::atomic<int> count{0};
  e.reset();
  dwell::run(dwell_test::cancel_when(wait_and_count(e, count),
                                     [&] { return e.statistics().waiters == 1; }),
             pool());
  EXPECT_EQ(count, 0);
}

TEST_P(an_auto_reset_event, loses_no_set_that_meets_a_cancel) {
  const watchdog dog("auto_reset_event: set against cancel");
  const auto once = [](auto_reset_event& e, std::atomic<int>& count) -> task<> {
    dwell::outside_work work;
    std::atomic<bool> go{false};
    std::thread foreign([&] {
      while (!go) std::this_thread::yield();
      e.set();
    });
    auto victim = dwell_test::cancel_when(
        wait_and_count(e, count), [&] { return e.statistics().waiters == 1 && (go = true); });
    co_await std::move(victim);
    foreign.join();
  };
  for (std::int64_t i = 0; i < dwell_test::scaled(300); ++i) {
    auto_reset_event e;
    std::atomic<int> count{0};
    dwell::run(once(e, count), pool());
    ASSERT_EQ(count + (e.is_set() ? 1 : 0), 1);
  }
}

TEST(event_death, says_that_it_must_outlive_its_waits) {
  const auto scenario = []() -> task<> {
    auto e = std::make_unique<event>();
    event& waited = *e;
    std::atomic<int> count{0};
    auto waiter = dwell::spawn(wait_and_count(waited, count));
    co_await dwell_test::until([&] { return waited.statistics().waiters == 1; });
    e.reset();
    co_await waiter;
  };
  EXPECT_DEATH(dwell_test::run_on(1, scenario()),
               "dwell: event::wait: what it waits in was destroyed; it must outlive its waits");
}

}  // namespace
