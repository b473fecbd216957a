// Time stands still in the models; a timed wait may end at any moment all the same.
#pragma once

#include <cstdint>

#include <dwell/os/clock.hpp>

inline constexpr std::int64_t the_time = 100;

namespace dwell::inline v0::os {
std::int64_t now_ns() noexcept { return the_time; }
}  // namespace dwell::inline v0::os
