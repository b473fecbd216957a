// A thread that sleeps until a time which other threads may move while it sleeps.
//
// A timerfd: moving the time is one system call and wakes nobody, where a futex with a limit would
// have to be woken to hear of a later one.
#pragma once

#include <cstdint>

#include <dwell/os/file_descriptor.hpp>

namespace dwell::inline v0::os {

/// One thread waits; any thread may set. Throws std::system_error when the kernel refuses the
/// descriptor.
class alarm {
 public:
  alarm();
  alarm(const alarm&) = delete;
  alarm& operator=(const alarm&) = delete;

  /// Rings at `when_ns` on the monotonic clock, instead of at any time set before; at once if that
  /// has passed, never for never_ns. Settings come one after the other: what was done before one is
  /// seen after the next.
  void set(std::int64_t when_ns) noexcept;

  /// Blocks until it rings, or an interruption. Rung since the last wait: returns at once.
  void wait() noexcept;

 private:
  file_descriptor timer_;
};

}  // namespace dwell::inline v0::os
