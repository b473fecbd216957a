// The clock that the runtime reads is the one that users' time_points speak of.
#include <chrono>
#include <cstdint>
#include <gtest/gtest.h>

#include <dwell/os/clock.hpp>

namespace {

using dwell::os::deadline_after;
using dwell::os::never_ns;
using dwell::os::now_ns;
using std::chrono::nanoseconds;

std::int64_t steady_ns() {
  return std::chrono::duration_cast<nanoseconds>(
             std::chrono::steady_clock::now().time_since_epoch())
      .count();
}

TEST(clock, never_goes_back) {
  std::int64_t before = now_ns();
  for (int i = 0; i < 100'000; ++i) {
    const std::int64_t now = now_ns();
    ASSERT_GE(now, before);
    before = now;
  }
}

// Read between two readings of the other clock, so that no pause of this thread can matter.
TEST(clock, has_the_epoch_of_steady_clock) {
  for (int i = 0; i < 1000; ++i) {
    const std::int64_t before = steady_ns();
    const std::int64_t now = now_ns();
    const std::int64_t after = steady_ns();
    ASSERT_LE(before, now);
    ASSERT_LE(now, after);
  }
}

TEST(deadline_after, adds) {
  EXPECT_EQ(deadline_after(1'000, nanoseconds(234)), 1'234);
  EXPECT_EQ(deadline_after(1'000, nanoseconds(0)), 1'000);
  EXPECT_EQ(deadline_after(1'000, nanoseconds(-200)), 800);
}

TEST(deadline_after, saturates_at_never_instead_of_wrapping_into_the_past) {
  EXPECT_EQ(deadline_after(now_ns(), nanoseconds::max()), never_ns);
  EXPECT_EQ(deadline_after(1, nanoseconds(never_ns - 1)), never_ns);
  EXPECT_EQ(deadline_after(1, nanoseconds(never_ns)), never_ns);
  EXPECT_EQ(deadline_after(never_ns, nanoseconds(1)), never_ns);
}

TEST(deadline_after, of_a_hugely_negative_duration_is_in_the_past) {
  EXPECT_LE(deadline_after(now_ns(), nanoseconds::min()), now_ns());
  EXPECT_LE(deadline_after(-2, nanoseconds::min()), -2);
}

}  // namespace
