// The raw futex: the only thing in Dwell that blocks a thread for another thread.
//
// Not std::condition_variable (glibc bug 25847 loses wake-ups) and not std::counting_semaphore
// (libstdc++ PR 98033 does too): a 32-bit word and two system calls leave nothing to lose.
#pragma once

#include <cstdint>

#include <dwell/base/atomic.hpp>
#include <dwell/base/export.hpp>

namespace dwell::inline v0::os {

/// Blocks while `word` holds `expected`, until a futex_wake on it. May return spuriously: callers
/// loop on their own condition.
DWELL_API void futex_wait(base::atomic<std::uint32_t>& word, std::uint32_t expected) noexcept;

/// The same with an absolute limit on the monotonic clock, in nanoseconds. False when it expired.
DWELL_API bool futex_wait_until(base::atomic<std::uint32_t>& word, std::uint32_t expected,
                                std::int64_t deadline_ns) noexcept;

/// Wakes up to `count` threads that wait on `word`.
DWELL_API void futex_wake(base::atomic<std::uint32_t>& word, int count) noexcept;

}  // namespace dwell::inline v0::os
