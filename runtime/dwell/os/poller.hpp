// What the worker that attends to the reactor sleeps in: a wait with a nanosecond deadline that
// another thread can cut short.
//
// epoll rather than a bare futex, because sockets will enter through the same wait; epoll_pwait2
// rather than epoll_wait, whose timeout is whole milliseconds.
#pragma once

#include <cstdint>

namespace dwell::inline v0::os {

/// One thread at a time waits; kick() is for every other. Throws std::system_error when the kernel
/// refuses the descriptors.
class poller {
 public:
  poller();
  ~poller();
  poller(const poller&) = delete;
  poller& operator=(const poller&) = delete;

  /// Blocks until `deadline_ns` on the monotonic clock, a kick, or an interruption. A kick given
  /// before the wait is not lost: the wait returns at once.
  void wait_until(std::int64_t deadline_ns) noexcept;

  /// Ends the current or the next wait. Any thread; async-signal-safe.
  void kick() noexcept;

 private:
  int epoll_;
  int event_;
};

}  // namespace dwell::inline v0::os
