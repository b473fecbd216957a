// rate_limiter: never faster than its rate, in order, and what is settled counts.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <gtest/gtest.h>
#include <limits>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/sim/run.hpp>

#include "support/cancel_when.hpp"
#include "support/each_seed.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::rate_limiter;
using dwell::task;
using dwell_test::until;
using namespace std::chrono_literals;

class a_rate_limiter : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a rate limiter"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_rate_limiter, dwell_test::each_worker_count());

task<> acquire_times(rate_limiter& r, double weight, int times) {
  for (int i = 0; i < times; ++i) (void)co_await r.acquire(weight);
}

TEST_P(a_rate_limiter, lets_a_burst_through_at_once) {
  rate_limiter r(5, 1h);
  dwell::run(acquire_times(r, 1, 5), pool());
  EXPECT_EQ(r.statistics().acquired, 5U);
  EXPECT_FALSE(r.try_acquire().has_value());
}

TEST(a_simulated_rate_limiter, is_never_faster_than_its_rate_nor_much_slower) {
  // 100 requests of 2, of which the burst covers 10: the other 90 need 180 ms.
  const auto main = []() -> task<std::chrono::nanoseconds> {
    rate_limiter r(1'000, 1s, 20);
    const auto begin = dwell::sim::now();
    auto both = dwell::gather(acquire_times(r, 2, 50), acquire_times(r, 2, 50));
    co_await std::move(both);
    EXPECT_EQ(r.statistics().acquired, 100U);
    EXPECT_EQ(r.statistics().weight, 200);
    co_return dwell::sim::now() - begin;
  };
  dwell_test::each_seed(100, [&](std::uint64_t seed) {
    const std::chrono::nanoseconds took = dwell::sim::run(seed, main());
    EXPECT_GE(took, 180ms);
    EXPECT_LE(took, 181ms);
  });
}

TEST(a_rate_limiter_on_one_worker, serves_in_the_order_of_arrival_however_much_they_want) {
  rate_limiter r(100'000, 1s, 100);
  std::vector<std::size_t> order;
  (void)r.try_acquire(1'000);  // a debt: the first in line has to wait
  std::atomic<std::size_t> asked{0};
  const auto waiter = [&](std::size_t place, double weight) -> task<> {
    co_await until([&] { return asked == place; });
    ++asked;
    (void)co_await r.acquire(weight);
    order.push_back(place);
  };
  const auto scenario = [&]() -> task<> {
    auto all = dwell::gather(waiter(0, 90), waiter(1, 1), waiter(2, 50), waiter(3, 0));
    co_await std::move(all);
  };
  dwell::run(scenario(), dwell_test::workers(1));
  EXPECT_EQ(order, (std::vector<std::size_t>{0, 1, 2, 3}));
}

TEST_P(a_rate_limiter, lets_more_than_its_burst_through_when_it_is_full_and_takes_it_as_a_debt) {
  rate_limiter r(10, 1h);
  dwell::run(acquire_times(r, 25, 1), pool());
  EXPECT_LT(r.statistics().level, -14);
  EXPECT_FALSE(r.try_acquire(0).has_value());
}

TEST_P(a_rate_limiter, is_given_back_what_was_reserved_too_much) {
  rate_limiter r(100, 1h);
  const auto scenario = [&]() -> task<> {
    rate_limiter::reservation first = co_await r.acquire(100);
    EXPECT_TRUE(first);
    std::atomic<bool> begun{false};
    const auto waits = [&]() -> task<> {
      begun = true;
      (void)co_await r.acquire(60);  // would take more than half an hour
    };
    const auto settles = [&]() -> task<> {
      co_await until([&] { return begun == true; });
      for (int i = 0; i < 100; ++i) co_await dwell::yield_now();
      first.settle(30);
      first.settle(0);  // the first call counts
    };
    auto both = dwell::gather(waits(), settles());
    co_await std::move(both);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(r.statistics().weight, 90);
  EXPECT_LT(r.statistics().level, 11);
}

TEST_P(a_rate_limiter, takes_what_was_reserved_too_little) {
  rate_limiter r(100, 1h);
  r.try_acquire(10)->settle(150);
  EXPECT_LT(r.statistics().level, -49);
  EXPECT_EQ(r.statistics().weight, 150);
}

TEST_P(a_rate_limiter, never_holds_more_than_its_burst) {
  rate_limiter r(10, 1ms);
  auto reserved = r.try_acquire(5);
  const auto scenario = [&]() -> task<> {
    co_await dwell::sleep_for(2ms);
    reserved->settle(0);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(r.statistics().level, 10);
}

TEST_P(a_rate_limiter, takes_nothing_of_who_is_cancelled_and_serves_the_next) {
  rate_limiter r(100, 1h);
  rate_limiter::reservation all = *r.try_acquire(100);
  const auto scenario = [&]() -> task<> {
    std::atomic<int> begun{0};
    const auto waits = [&](double weight) -> task<> {
      ++begun;
      (void)co_await r.acquire(weight);
    };
    auto first = dwell_test::cancel_when(waits(100), [&] { return begun == 2; });
    const auto second = [&]() -> task<> {
      co_await until([&] { return begun == 1; });
      co_await waits(40);
    };
    const auto settles = [&]() -> task<> {
      co_await until([&] { return begun == 2; });
      all.settle(50);  // enough for the second, not for the first
    };
    auto three = dwell::gather(std::move(first), second(), settles());
    co_await std::move(three);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(r.statistics().acquired, 2U);
  EXPECT_EQ(r.statistics().weight, 90);
}

TEST(rate_limiter_death, says_what_makes_no_sense) {
  EXPECT_DEATH(rate_limiter(0, 1s), "the amount, the time and the burst must be more than zero");
  EXPECT_DEATH(rate_limiter(1, 0s), "the amount, the time and the burst must be more than zero");
  rate_limiter r(1, 1s);
  EXPECT_DEATH((void)r.try_acquire(-1), "a weight is negative or no number");
  EXPECT_DEATH((void)r.try_acquire(std::numeric_limits<double>::quiet_NaN()),
               "a weight is negative or no number");
}

}  // namespace
