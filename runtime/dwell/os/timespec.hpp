// The kernel's form of a time, for the files of this layer.
#pragma once

#include <cstdint>
#include <ctime>

#include <dwell/os/clock.hpp>

namespace dwell::inline v0::os {

/// `ns` is not negative.
[[nodiscard]] inline timespec timespec_of(std::int64_t ns) noexcept {
  constexpr std::int64_t ns_per_s = 1'000'000'000;
  return {.tv_sec = ns / ns_per_s, .tv_nsec = ns % ns_per_s};
}

/// From now to a deadline on the monotonic clock; nothing when that has passed.
[[nodiscard]] inline timespec time_left(std::int64_t deadline_ns) noexcept {
  const std::int64_t now = now_ns();
  return timespec_of(deadline_ns > now ? deadline_ns - now : 0);
}

}  // namespace dwell::inline v0::os
