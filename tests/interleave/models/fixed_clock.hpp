// Time stands still in the models, but for a thread that heard an alarm; a timed wait may end at
// any moment all the same.
#pragma once

#include <algorithm>
#include <cstdint>

#include <dwell/os/alarm.hpp>
#include <dwell/os/clock.hpp>

inline constexpr std::int64_t the_time = 100;

namespace dwell::inline v0::os {
std::int64_t now_ns() noexcept {
  return model::this_thread() == alarm::waiter ? std::max(the_time, alarm::heard_at_ns) : the_time;
}
}  // namespace dwell::inline v0::os
