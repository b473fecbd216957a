// The counts of searchers, nappers and sleepers, step by step. That no wake-up is lost between
// threads is the models' business, and wakeup_stress_test's.
#include <cstdint>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

#include <dwell/os/clock.hpp>
#include <dwell/scheduler/idle.hpp>

#include "support/watchdog.hpp"

namespace {

using dwell::scheduler::idle;
using dwell_test::watchdog;
using due = idle::due;

constexpr bool searching = true;
constexpr bool busy = false;

TEST(idle, lets_at_most_half_of_the_workers_search) {
  for (const std::uint32_t workers : {1u, 2u, 3u, 4u, 7u, 8u, 64u}) {
    idle i(workers);
    std::uint32_t count = 0;
    while (count <= workers && i.try_search()) ++count;
    EXPECT_EQ(count, (workers + 1) / 2) << workers;
  }
}

TEST(idle, lets_another_search_when_one_found_work) {
  idle i(2);
  ASSERT_TRUE(i.try_search());
  ASSERT_FALSE(i.try_search());
  EXPECT_EQ(i.found_work(), due::nothing) << "nobody sleeps";
  EXPECT_TRUE(i.try_search());
}

TEST(idle, lets_another_search_when_one_went_to_sleep) {
  idle i(2);
  ASSERT_TRUE(i.try_search());
  (void)i.announce_sleep(0, searching);
  EXPECT_TRUE(i.try_search());
}

// ---- Whom a submitter wakes ----

TEST(notify, wakes_nobody_while_all_are_busy) {
  idle i(2);
  EXPECT_FALSE(i.notify_of_push());
  EXPECT_FALSE(i.notify_of_injection());
  EXPECT_FALSE(i.any_asleep());
}

TEST(notify, wakes_nobody_while_somebody_searches) {
  idle i(2);
  (void)i.announce_sleep(0, busy);
  ASSERT_TRUE(i.try_search());
  EXPECT_FALSE(i.notify_of_push());
  EXPECT_FALSE(i.notify_of_injection());
}

TEST(notify, wakes_the_latest_sleeper_who_then_searches) {
  idle i(2);
  (void)i.announce_sleep(0, busy);
  (void)i.announce_sleep(1, busy);
  EXPECT_TRUE(i.notify_of_injection());
  EXPECT_FALSE(i.notify_of_injection()) << "the one who was woken searches already";
  EXPECT_FALSE(i.all_asleep());
  EXPECT_TRUE(i.any_asleep());
  i.block(1);  // returns at once: it was woken
  EXPECT_NE(i.found_work(), due::nothing) << "it was the last searcher, and the other sleeps";
}

TEST(notify, of_a_push_leaves_it_to_the_napper) {
  idle i(3);
  (void)i.announce_sleep(0, busy);
  i.announce_nap(1, busy);
  EXPECT_FALSE(i.notify_of_push());
}

TEST(notify, of_an_injection_wakes_the_napper) {
  const watchdog alarm("notify, of_an_injection_wakes_the_napper");
  idle i(3);
  i.announce_nap(1, busy);
  EXPECT_TRUE(i.notify_of_injection());
  i.nap_until(1, dwell::os::never_ns);
  EXPECT_EQ(i.found_work(), due::nothing);
}

TEST(notify, of_a_push_wakes_a_sleeper_once_the_nap_is_over) {
  idle i(3);
  (void)i.announce_sleep(0, busy);
  i.announce_nap(1, busy);
  i.nap_until(1, dwell::os::now_ns() + 1'000);
  (void)i.found_work();
  EXPECT_TRUE(i.notify_of_push());
  i.block(0);
}

// ---- Naps and sleeps ----

TEST(idle, a_nap_ends_by_itself_and_never_early) {
  idle i(2);
  for (int round = 0; round < 20; ++round) {
    const std::int64_t deadline = dwell::os::now_ns() + 100'000;
    i.announce_nap(0, round > 0);
    i.nap_until(0, deadline);
    EXPECT_GE(dwell::os::now_ns(), deadline);
    EXPECT_FALSE(i.try_search()) << "the napper searches now: that is half";
  }
}

TEST(idle, a_napper_is_not_asleep) {
  idle i(2);
  i.announce_nap(0, busy);
  EXPECT_FALSE(i.any_asleep());
  (void)i.announce_sleep(1, busy);
  EXPECT_FALSE(i.all_asleep());
}

TEST(idle, knows_when_everybody_sleeps) {
  idle i(3);
  (void)i.announce_sleep(0, busy);
  (void)i.announce_sleep(1, busy);
  EXPECT_FALSE(i.all_asleep());
  (void)i.announce_sleep(2, busy);
  EXPECT_TRUE(i.all_asleep());
  EXPECT_TRUE(i.retract(1));
  EXPECT_FALSE(i.all_asleep());
}

TEST(idle, a_sleeper_that_retracts_searches) {
  idle i(2);
  (void)i.announce_sleep(0, busy);
  EXPECT_TRUE(i.retract(0));
  EXPECT_FALSE(i.any_asleep());
  EXPECT_FALSE(i.try_search()) << "one of two searches: that is half";
  EXPECT_EQ(i.found_work(), due::nothing);
  EXPECT_TRUE(i.try_search());
}

TEST(idle, a_sleeper_cannot_retract_once_it_was_woken) {
  idle i(1);
  (void)i.announce_sleep(0, busy);
  EXPECT_TRUE(i.notify_of_injection());
  EXPECT_FALSE(i.retract(0));
  i.block(0);
  EXPECT_EQ(i.found_work(), due::nothing);
}

TEST(idle, takes_out_the_one_that_retracts_and_no_other) {
  const watchdog alarm("idle, takes_out_the_one_that_retracts_and_no_other");
  idle i(3);
  for (std::uint32_t w = 0; w < 3; ++w) (void)i.announce_sleep(w, busy);
  ASSERT_TRUE(i.retract(0));
  (void)i.found_work();
  ASSERT_TRUE(i.notify_of_injection());
  (void)i.found_work();
  ASSERT_TRUE(i.notify_of_injection());
  i.block(1);
  i.block(2);
  EXPECT_FALSE(i.any_asleep());
}

TEST(idle, a_wake_before_the_block_is_not_lost) {
  const watchdog alarm("idle, a_wake_before_the_block_is_not_lost");
  idle i(1);
  for (int round = 0; round < 1000; ++round) {
    (void)i.announce_sleep(0, round > 0);
    EXPECT_TRUE(i.notify_of_injection());
    i.block(0);
  }
}

TEST(idle, wakes_every_sleeper_and_napper_for_shutdown) {
  const watchdog alarm("idle, wakes_every_sleeper_and_napper_for_shutdown");
  idle i(4);
  std::vector<std::thread> sleepers;
  for (std::uint32_t w = 0; w < 4; ++w) {
    if (w % 2 == 0)
      (void)i.announce_sleep(w, busy);
    else
      i.announce_nap(w, busy);
    sleepers.emplace_back([&, w] { w % 2 == 0 ? i.block(w) : i.nap_until(w, INT64_MAX); });
  }
  i.wake_all();
  for (std::thread& t : sleepers) t.join();
  EXPECT_FALSE(i.any_asleep());
}

// ---- Which fence is due ----

TEST(fence, is_heavy_while_another_worker_is_busy) {
  idle i(2);
  EXPECT_EQ(i.announce_sleep(0, busy), due::heavy_fence);
}

TEST(fence, is_full_when_nobody_is_busy) {
  idle i(2);
  (void)i.announce_sleep(0, busy);
  EXPECT_EQ(i.announce_sleep(1, busy), due::full_fence);
}

TEST(fence, is_due_for_the_last_searcher_only) {
  idle i(4);
  (void)i.announce_sleep(3, busy);
  ASSERT_TRUE(i.try_search());
  ASSERT_TRUE(i.try_search());
  EXPECT_EQ(i.found_work(), due::nothing);
  EXPECT_EQ(i.found_work(), due::heavy_fence) << "the third worker is busy";
}

}  // namespace
