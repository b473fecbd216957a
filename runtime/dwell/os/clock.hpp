// The monotonic clock, in nanoseconds. CLOCK_MONOTONIC and std::chrono::steady_clock are the same
// clock on Linux, so users' time_points convert without an offset; steps of the wall clock do not
// touch it.
#pragma once

#include <chrono>
#include <cstdint>

#include <dwell/base/export.hpp>

namespace dwell::inline v0::os {

/// Nanoseconds since an arbitrary start, never decreasing.
DWELL_API std::int64_t now_ns() noexcept;

/// A deadline far enough away to mean "never" and near enough to add to.
inline constexpr std::int64_t never_ns = INT64_MAX;

/// now + d, saturating: a sleep of duration::max() must not wrap into the past.
inline std::int64_t deadline_after(std::int64_t now, std::chrono::nanoseconds d) noexcept {
  std::int64_t at = 0;
  return __builtin_add_overflow(now, d.count(), &at) ? (d.count() > 0 ? never_ns : now) : at;
}

}  // namespace dwell::inline v0::os
