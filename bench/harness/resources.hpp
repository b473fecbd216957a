// The three meters: wall clock, processor time, memory.
//
// Peak memory is VmHWM of this address space, not getrusage's ru_maxrss: that one survives exec, so
// a child would report its parent's peak whenever the parent was larger. Newer kernels count
// resident pages in per-processor batches; the figure may be off by a few hundred kilobytes, which
// is why bytes per wait mean little below some ten thousand waits.
#pragma once

#include <cstdint>

namespace bench {

/// Monotonic time in nanoseconds.
std::int64_t now_ns() noexcept;

/// User and system time of this process, all threads, in nanoseconds.
std::int64_t cpu_ns() noexcept;

/// The most memory this process has had resident, in bytes. Throws when /proc does not say.
std::uint64_t peak_resident_bytes();

}  // namespace bench
