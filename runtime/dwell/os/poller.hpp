// What the worker that attends to the reactor sleeps in: a wait for sockets, with a nanosecond
// deadline, that another thread can cut short.
//
// epoll_pwait2 rather than epoll_wait, whose timeout is whole milliseconds. Edge-triggered: a
// socket is registered once for its life, where level-triggered readiness would need a system call
// before and after each wait. The price is that an event which nobody remembers is lost for good:
// reactor/readiness.hpp remembers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <dwell/base/export.hpp>
#include <dwell/os/file_descriptor.hpp>
#include <dwell/os/kick_event.hpp>

namespace dwell::inline v0::os {

/// What may be possible now on a registered descriptor. Hints: a call may still say EAGAIN.
struct ready_event {
  std::uint64_t token;  ///< As it was registered.
  bool readable;        ///< Data, the end of the stream, or an error to be told by a read.
  bool writable;        ///< Room, or an error to be told by a write.
  bool hung_up;         ///< The other side will send no more, or an error; comes with readable.
};

/// One thread at a time waits; everything else is for any thread. Throws std::system_error when the
/// kernel refuses the descriptors.
class DWELL_API poller {
 public:
  /// The most events that one wait gives.
  static constexpr std::size_t most_events = 60;
  /// Is nobody's token.
  static constexpr std::uint64_t no_token = ~std::uint64_t{0};

  poller();
  poller(const poller&) = delete;
  poller& operator=(const poller&) = delete;

  /// Blocks until `deadline_ns` on the monotonic clock, an event, a kick, or an interruption. A
  /// kick given before the wait is not lost: the wait returns at once. Returns the events, which it
  /// put into `into`; that may be empty while nothing is registered.
  std::size_t wait_until(std::int64_t deadline_ns, std::span<ready_event> into = {}) noexcept;

  /// Ends the current or the next wait. Async-signal-safe.
  void kick() noexcept { kicks_.kick(); }

  /// Events of `fd` come from now on, in both directions and edge-triggered, under `token`; at once
  /// for what is ready already. Returns 0 or an errno.
  [[nodiscard]] int add(int fd, std::uint64_t token) noexcept;
  /// No wait that begins later gives events of `fd`.
  void remove(int fd) noexcept;

 private:
  file_descriptor epoll_;
  kick_event kicks_;
};

}  // namespace dwell::inline v0::os
