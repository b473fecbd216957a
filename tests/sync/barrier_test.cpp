// barrier and latch: tasks that wait for one another, and for a count.
#include <atomic>
#include <cstdint>
#include <gtest/gtest.h>
#include <memory>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/cancel_when.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::barrier;
using dwell::task;
using dwell_test::watchdog;

class a_barrier : public dwell_test::on_workers {};
INSTANTIATE_TEST_SUITE_P(workers, a_barrier, dwell_test::each_worker_count());

task<> arrive(barrier& b) { co_await b.arrive_and_wait(); }

TEST_P(a_barrier, lets_nobody_on_before_all_have_come_again_and_again) {
  const watchdog dog("barrier: generations");
  constexpr int parties = 5;
  const int rounds = static_cast<int>(dwell_test::scaled(500));
  barrier b(parties);
  std::atomic<int> arrived{0};
  const auto party = [&]() -> task<> {
    for (int i = 1; i <= rounds; ++i) {
      ++arrived;
      co_await b.arrive_and_wait();
      EXPECT_GE(arrived, i * parties);
    }
  };
  const auto all = [&]() -> task<> {
    std::vector<task<>> children;
    for (int i = 0; i < parties; ++i) children.push_back(party());
    co_await dwell::gather(std::move(children));
  };
  dwell::run(all(), pool());
  EXPECT_EQ(b.statistics().generations, static_cast<std::uint64_t>(rounds));
  EXPECT_EQ(b.statistics().waiters, 0U);
}

TEST_P(a_barrier, gives_each_place_once) {
  barrier b(4);
  const auto party = [](barrier& at) -> task<std::size_t> {
    co_return co_await at.arrive_and_wait();
  };
  const auto all = [&]() -> task<std::vector<std::size_t>> {
    std::vector<task<std::size_t>> children;
    for (int i = 0; i < 4; ++i) children.push_back(party(b));
    auto places = dwell::gather(std::move(children));
    co_return co_await std::move(places);
  };
  const std::vector<std::size_t> places = dwell::run(all(), pool());
  EXPECT_EQ(std::set<std::size_t>(places.begin(), places.end()),
            (std::set<std::size_t>{0, 1, 2, 3}));
}

TEST_P(a_barrier, for_one_does_not_wait) {
  barrier b(1);
  dwell::run(arrive(b), pool());
  EXPECT_EQ(b.statistics().generations, 1U);
}

TEST_P(a_barrier, takes_a_cancelled_arrival_back) {
  barrier b(2);
  const auto scenario = [&]() -> task<> {
    auto victim = dwell_test::cancel_when(arrive(b), [&] { return b.statistics().waiters == 1; });
    co_await std::move(victim);
    EXPECT_EQ(b.statistics().waiters, 0U);
    auto both = dwell::gather(arrive(b), arrive(b));
    co_await std::move(both);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(b.statistics().generations, 1U);
}

TEST_P(a_barrier, completes_or_takes_back_when_the_last_arrival_meets_a_cancel) {
  const watchdog dog("barrier: arrival against cancel");
  const auto once = [](barrier& b, std::atomic<int>& passed) -> task<> {
    const auto passes = [&]() -> task<> {
      co_await b.arrive_and_wait();
      ++passed;
    };
    const auto met = [&] { return b.statistics().generations == 1; };
    std::atomic<bool> gone{false};
    const auto first = [&]() -> task<> {
      auto victim =
          dwell_test::cancel_when(passes(), [&] { return b.statistics().waiters == 1 || met(); });
      co_await std::move(victim);
      gone = true;
    };
    // Arrives while the first is being cancelled, and is cancelled in turn if it came too late.
    const auto second = [&]() -> task<> {
      co_await dwell_test::until([&] { return b.statistics().waiters == 1 || gone; });
      auto late = dwell_test::cancel_when(passes(), [&] { return gone || met(); });
      co_await std::move(late);
    };
    auto both = dwell::gather(first(), second());
    co_await std::move(both);
  };
  for (std::int64_t i = 0; i < dwell_test::scaled(300); ++i) {
    barrier b(2);
    std::atomic<int> passed{0};
    dwell::run(once(b, passed), pool());
    ASSERT_EQ(passed, b.statistics().generations == 1 ? 2 : 0);
    ASSERT_EQ(b.statistics().waiters, 0U);
  }
}

TEST(barrier_death, says_that_it_needs_somebody) {
  EXPECT_DEATH(barrier(0), "dwell: barrier: for nobody; construct it with the number of its tasks");
}

// ---- latch ----

class a_latch : public dwell_test::on_workers {};
INSTANTIATE_TEST_SUITE_P(workers, a_latch, dwell_test::each_worker_count());

task<> wait_and_count(dwell::latch& l, std::atomic<int>& count) {
  co_await l.wait();
  ++count;
}

TEST_P(a_latch, lets_all_go_on_at_zero_and_ever_after) {
  dwell::latch l(3);
  std::atomic<int> count{0};
  const auto counts = [&]() -> task<> {
    co_await dwell_test::until([&] { return l.statistics().waiters == 2; });
    l.count_down();
    EXPECT_FALSE(l.done());
    EXPECT_EQ(l.statistics().remaining, 2U);
    l.count_down(2);
  };
  const auto scenario = [&]() -> task<> {
    auto all = dwell::gather(wait_and_count(l, count), wait_and_count(l, count), counts());
    co_await std::move(all);
    co_await wait_and_count(l, count);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(count, 3);
  EXPECT_TRUE(l.done());
  EXPECT_EQ(l.statistics().contended, 2U);
}

TEST_P(a_latch, is_counted_down_by_foreign_threads) {
  const watchdog dog("latch: foreign threads");
  dwell::latch l(2);
  std::atomic<int> count{0};
  const dwell::outside_work work;
  std::thread one([&] { l.count_down(); });
  std::thread other([&] { l.count_down(); });
  dwell::run(wait_and_count(l, count), pool());
  one.join();
  other.join();
  EXPECT_EQ(count, 1);
}

TEST_P(a_latch, may_be_destroyed_by_the_one_that_waited) {
  // The thread that counts down may still be on its way out.
  const watchdog dog("latch: destroyed by its waiter");
  const auto once = []() -> task<> {
    auto l = std::make_unique<dwell::latch>(1);
    const dwell::outside_work work;
    std::thread foreign([&counted = *l] { counted.count_down(); });
    co_await l->wait();
    l.reset();
    foreign.join();
  };
  for (std::int64_t i = 0; i < dwell_test::scaled(300); ++i) dwell::run(once(), pool());
}

TEST_P(a_latch, forgets_a_cancelled_wait) {
  dwell::latch l(1);
  std::atomic<int> count{0};
  dwell::run(dwell_test::cancel_when(wait_and_count(l, count),
                                     [&] { return l.statistics().waiters == 1; }),
             pool());
  EXPECT_EQ(count, 0);
  EXPECT_EQ(l.statistics().waiters, 0U);
}

TEST(latch_death, says_that_it_counts_no_further_than_zero) {
  EXPECT_DEATH(
      dwell::latch(1).count_down(2),
      "dwell: latch::count_down: below zero: construct it with as many as will be counted");
}

}  // namespace
