// outside_work: the deadlock report waits for whoever is no task.
#include <gtest/gtest.h>
#include <thread>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/task/outside_waker.hpp>

#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::core::outside_waker;

TEST(outside_work, counts_once_wherever_it_is_moved_to) {
  const std::int64_t before = outside_waker::count();
  {
    dwell::outside_work first;
    EXPECT_EQ(outside_waker::count(), before + 1);
    dwell::outside_work second = std::move(first);
    EXPECT_EQ(outside_waker::count(), before + 1);
    dwell::outside_work third;
    third = std::move(second);
    EXPECT_EQ(outside_waker::count(), before + 1);
  }
  EXPECT_EQ(outside_waker::count(), before);
}

TEST(outside_work, that_ends_without_a_wake_up_lets_the_deadlock_be_reported) {
  const dwell_test::watchdog dog("outside_work: ends without a wake-up");
  dwell::event never;
  dwell::outside_work work;
  std::thread foreign([&, keep = std::move(work)] {
    while (never.statistics().waiters == 0) std::this_thread::yield();
  });
  const auto waits = [&]() -> dwell::task<> { co_await never.wait(); };
  EXPECT_THROW(dwell_test::run_on(2, waits()), dwell::deadlock_error);
  foreign.join();
}

}  // namespace
