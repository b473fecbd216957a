// What the worker that attends to the reactor sleeps in: a wait for sockets, with a nanosecond
// deadline, that another thread can cut short. Two kernels' ways to the same thing: epoll, and
// io_uring (uring_poller.cpp, which says what each is good at).
//
// Edge-triggered: a socket is registered once for its life, where level-triggered readiness would
// need a system call before and after each wait. The price is that an event which nobody remembers
// is lost for good: reactor/readiness.hpp remembers.
//
// One virtual call for each wait, which is a system call: a template over the poller would carry
// the kernel's choice into every class above, and a variant costs the same branch.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <dwell/base/export.hpp>

namespace dwell::inline v0::os {

/// What may be possible now on a registered descriptor. Hints: a call may still say EAGAIN.
struct ready_event {
  std::uint64_t token;  ///< As it was registered.
  bool readable;        ///< Data, the end of the stream, or an error to be told by a read.
  bool writable;        ///< Room, or an error to be told by a write.
  bool hung_up;         ///< The other side will send no more, or an error; comes with readable.
};

/// One thread at a time waits; everything else is for any thread.
class DWELL_API poller {
 public:
  /// The most events that one wait gives.
  static constexpr std::size_t most_events = 60;
  /// Is nobody's token.
  static constexpr std::uint64_t no_token = ~std::uint64_t{0};

  virtual ~poller() = default;
  poller(const poller&) = delete;
  poller& operator=(const poller&) = delete;

  /// Blocks until `deadline_ns` on the monotonic clock, an event, a kick, or an interruption. A
  /// kick given before the wait is not lost: the wait returns at once. Returns the events, which it
  /// put into `into`; that may be empty while nothing is registered.
  virtual std::size_t wait_until(std::int64_t deadline_ns,
                                 std::span<ready_event> into = {}) noexcept = 0;

  /// Ends the current or the next wait.
  virtual void kick() noexcept = 0;

  /// Events of `fd` come from now on, in both directions and edge-triggered, under `token`; at once
  /// for what is ready already. Returns 0 or an errno.
  [[nodiscard]] virtual int add(int fd, std::uint64_t token) noexcept = 0;
  /// No wait that begins later gives events of `fd`, which may then be closed: the address of a
  /// listener is free at once. By io_uring that waits until the kernel has interrupted the thread
  /// that called add(), and the other side may hear of the end of a connection a little later.
  virtual void remove(int fd) noexcept = 0;

 protected:
  poller() = default;
};

/// Throws std::system_error when the kernel refuses the descriptors.
[[nodiscard]] DWELL_API std::unique_ptr<poller> make_epoll_poller();

/// How many completions the kernel keeps in shared memory before it makes lists of them.
inline constexpr unsigned usual_completions = 4096;

/// Throws std::system_error when the kernel has no io_uring, forbids it (ENOSYS, EPERM), or has one
/// that is too old, before Linux 6.0 (EINVAL); or refuses the descriptor or the memory.
[[nodiscard]] DWELL_API std::unique_ptr<poller> make_uring_poller(
    unsigned completions = usual_completions);

}  // namespace dwell::inline v0::os
