// A thread's wait for descriptors that a library opened and drives itself: poll and a kick.
//
// poll rather than epoll: they are a handful, they come and go with every use, and an epoll set
// keeps or drops a descriptor that the library closed without our knowing.
#pragma once

#include <cstdint>
#include <poll.h>
#include <span>
#include <vector>

#include <dwell/base/export.hpp>
#include <dwell/os/kick_event.hpp>

namespace dwell::inline v0::os {

/// What happened to a descriptor. An error shows as everything that was asked for.
struct descriptor_events {
  int fd;
  bool readable;
  bool writable;
};

/// One thread watches and waits; kick() is for every other. Throws std::system_error when the
/// kernel refuses the descriptor.
class DWELL_API descriptor_wait {
 public:
  descriptor_wait();
  descriptor_wait(const descriptor_wait&) = delete;
  descriptor_wait& operator=(const descriptor_wait&) = delete;

  /// What to wait for on `fd` from now on, instead of what was asked before; with neither it is
  /// forgotten, which must happen before it is closed. Throws std::bad_alloc, changing nothing;
  /// what is already watched, or forgotten, never does. Linear in what is watched.
  void watch(int fd, bool read, bool write);

  /// Blocks until something happens, `deadline_ns` on the monotonic clock, a kick or an
  /// interruption, and gives what happened; valid until the next wait. A kick given before the wait
  /// is not lost: the wait returns at once.
  [[nodiscard]] std::span<const descriptor_events> wait_until(std::int64_t deadline_ns) noexcept;

  /// Ends the current or the next wait. Any thread.
  void kick() noexcept { kicks_.kick(); }

 private:
  std::vector<pollfd> watched_;  // the first is the eventfd
  std::vector<descriptor_events> happened_;
  const kick_event kicks_;  // the list is nothing for other threads
};

}  // namespace dwell::inline v0::os
