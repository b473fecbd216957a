// Random durations, for jitter and for pretending.
#pragma once

#include <chrono>

#include <dwell/base/export.hpp>

namespace dwell::inline v0 {

/// A uniformly random duration in [lo, hi]. Thread-safe; every thread has its own generator, seeded
/// from the system. Not for cryptography.
[[nodiscard]] DWELL_API std::chrono::nanoseconds random_duration(
    std::chrono::nanoseconds lo, std::chrono::nanoseconds hi) noexcept;

}  // namespace dwell::inline v0
