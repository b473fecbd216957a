// The counts of searchers and sleepers, step by step. That no wake-up is lost between threads is
// the models' business, and wakeup_stress_test's.
#include <gtest/gtest.h>
#include <thread>
#include <vector>

#include <dwell/base/atomic.hpp>
#include <dwell/scheduler/idle.hpp>

#include "support/watchdog.hpp"

namespace {

using dwell::scheduler::idle;
using dwell_test::watchdog;

TEST(idle, lets_at_most_half_of_the_workers_search) {
  for (const std::uint32_t workers : {1u, 2u, 3u, 4u, 7u, 8u, 64u}) {
    idle i(workers);
    std::uint32_t searching = 0;
    while (searching <= workers && i.try_search()) ++searching;
    EXPECT_EQ(searching, (workers + 1) / 2) << workers;
  }
}

TEST(idle, lets_another_search_when_one_found_work) {
  idle i(2);
  ASSERT_TRUE(i.try_search());
  ASSERT_FALSE(i.try_search());
  EXPECT_FALSE(i.found_work()) << "nobody sleeps";
  EXPECT_TRUE(i.try_search());
}

TEST(idle, lets_another_search_when_one_went_to_sleep) {
  idle i(2);
  ASSERT_TRUE(i.try_search());
  EXPECT_FALSE(i.announce(0, true));
  EXPECT_TRUE(i.try_search());
}

TEST(idle, wakes_nobody_while_all_are_busy) {
  idle i(2);
  EXPECT_FALSE(i.notify());
  EXPECT_FALSE(i.any_asleep());
}

TEST(idle, wakes_nobody_while_somebody_searches) {
  idle i(2);
  EXPECT_FALSE(i.announce(0, false));
  ASSERT_TRUE(i.try_search());
  EXPECT_FALSE(i.notify());
}

TEST(idle, wakes_one_sleeper_who_then_searches) {
  idle i(2);
  EXPECT_FALSE(i.announce(0, false));
  EXPECT_TRUE(i.announce(1, false));
  EXPECT_TRUE(i.notify());
  EXPECT_FALSE(i.notify()) << "the one who was woken searches already";
  EXPECT_FALSE(i.all_asleep());
  EXPECT_TRUE(i.any_asleep());
  i.block(1);  // the latest sleeper was chosen: this returns at once
  EXPECT_TRUE(i.found_work()) << "it was the last searcher, and the other sleeps";
}

TEST(idle, knows_when_everybody_sleeps) {
  idle i(3);
  EXPECT_FALSE(i.announce(0, false));
  EXPECT_FALSE(i.announce(1, false));
  EXPECT_FALSE(i.all_asleep());
  EXPECT_TRUE(i.announce(2, false));
  EXPECT_TRUE(i.all_asleep());
  EXPECT_TRUE(i.retract(1));
  EXPECT_FALSE(i.all_asleep());
}

TEST(idle, a_sleeper_that_retracts_searches) {
  idle i(2);
  EXPECT_FALSE(i.announce(0, false));
  EXPECT_TRUE(i.retract(0));
  EXPECT_FALSE(i.any_asleep());
  EXPECT_FALSE(i.try_search()) << "one of two searches: that is half";
  EXPECT_FALSE(i.found_work());
  EXPECT_TRUE(i.try_search());
}

TEST(idle, a_sleeper_cannot_retract_once_it_was_woken) {
  idle i(1);
  EXPECT_TRUE(i.announce(0, false));
  EXPECT_TRUE(i.notify());
  EXPECT_FALSE(i.retract(0));
  i.block(0);
  EXPECT_FALSE(i.found_work());
}

TEST(idle, retracting_takes_out_the_one_that_retracts) {
  idle i(3);
  for (std::uint32_t w = 0; w < 3; ++w) (void)i.announce(w, false);
  ASSERT_TRUE(i.retract(0));
  EXPECT_FALSE(i.found_work() && !i.any_asleep());
  ASSERT_TRUE(i.notify());
  ASSERT_FALSE(i.found_work() && !i.any_asleep());
  ASSERT_TRUE(i.notify());
  i.block(1);
  i.block(2);
  EXPECT_FALSE(i.any_asleep());
}

TEST(idle, only_the_last_searcher_has_to_pass_the_duty_on) {
  idle i(4);
  EXPECT_FALSE(i.announce(3, false));
  ASSERT_TRUE(i.try_search());
  ASSERT_TRUE(i.try_search());
  EXPECT_FALSE(i.found_work());
  EXPECT_TRUE(i.found_work());
}

TEST(idle, wakes_every_sleeper_for_shutdown) {
  const watchdog alarm("idle, wakes_every_sleeper_for_shutdown");
  idle i(4);
  std::vector<std::thread> sleepers;
  for (std::uint32_t w = 0; w < 4; ++w) {
    (void)i.announce(w, false);
    sleepers.emplace_back([&, w] { i.block(w); });
  }
  i.wake_all();
  for (std::thread& t : sleepers) t.join();
  EXPECT_FALSE(i.any_asleep());
}

TEST(idle, a_wake_before_the_block_is_not_lost) {
  const watchdog alarm("idle, a_wake_before_the_block_is_not_lost");
  idle i(1);
  for (int round = 0; round < 1000; ++round) {
    EXPECT_TRUE(i.announce(0, round > 0));
    EXPECT_TRUE(i.notify());
    i.block(0);
  }
}

}  // namespace
