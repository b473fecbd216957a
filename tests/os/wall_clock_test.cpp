// The clock of people and protocols.
#include <chrono>
#include <gtest/gtest.h>

#include <dwell/os/wall_clock.hpp>

namespace {

using std::chrono::floor;
using std::chrono::seconds;
using std::chrono::system_clock;

// Read between two readings of the other clock, so that no pause of this thread can matter.
TEST(wall_clock, tells_the_second_that_system_clock_is_in) {
  for (int i = 0; i < 1000; ++i) {
    const auto before = floor<seconds>(system_clock::now());
    const auto now = dwell::os::wall_now();
    const auto after = floor<seconds>(system_clock::now());
    ASSERT_LE(before, now);
    ASSERT_LE(now, after);
  }
}

}  // namespace
