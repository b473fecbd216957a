// The alarm: what is said about time is that it never rings early, and that it can be moved.
#include <chrono>
#include <gtest/gtest.h>
#include <thread>

#include <dwell/os/alarm.hpp>
#include <dwell/os/clock.hpp>

#include "support/watchdog.hpp"

namespace {

using dwell::os::alarm;
using dwell::os::now_ns;
using dwell_test::watchdog;

constexpr std::int64_t ms = 1'000'000;

TEST(alarm, rings_at_its_time_and_not_before) {
  const watchdog dog("the alarm never rang");
  alarm a;
  const std::int64_t when = now_ns() + 5 * ms;
  a.set(when);
  a.wait();
  EXPECT_GE(now_ns(), when);
}

TEST(alarm, rings_at_once_for_a_time_that_has_passed) {
  const watchdog dog("the alarm never rang");
  alarm a;
  for (const std::int64_t when : {now_ns(), std::int64_t{0}, INT64_MIN / 2}) {
    a.set(when);
    a.wait();
  }
}

TEST(alarm, that_rang_before_anybody_waited_is_not_lost) {
  const watchdog dog("the alarm never rang");
  alarm a;
  a.set(now_ns());
  std::this_thread::sleep_for(std::chrono::milliseconds(2));
  a.wait();
}

TEST(alarm, can_be_moved_while_somebody_waits) {
  const watchdog dog("the alarm never rang");
  alarm a;
  a.set(dwell::os::never_ns);
  std::int64_t rang_at = 0;
  std::thread waiter([&] {
    a.wait();
    rang_at = now_ns();
  });
  a.set(now_ns() + 3'600'000 * ms);
  const std::int64_t when = now_ns() + 5 * ms;
  a.set(when);
  waiter.join();
  EXPECT_GE(rang_at, when);
}

}  // namespace
