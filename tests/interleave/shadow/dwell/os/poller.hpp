// Stands in front of runtime/dwell/os/poller.hpp in the models: no deadline ever comes but one that
// has passed already, so only a kick or an event ends a wait, and one that is lost is a deadlock. A
// model plays the kernel by happen().
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

#include <dwell/base/atomic.hpp>
#include <dwell/os/futex.hpp>

namespace dwell::inline v0::os {

struct ready_event {
  std::uint64_t token;
  bool readable;
  bool writable;
  bool hung_up;
};

class poller {
 public:
  static constexpr std::size_t most_events = 2;
  static constexpr std::uint64_t no_token = ~std::uint64_t{0};

  std::size_t wait_until(std::int64_t deadline_ns, std::span<ready_event> into = {}) noexcept {
    // acquire: a kick orders, as the kernel's locks do.
    while (deadline_ns != 0 && signalled_.exchange(0, base::acquire) == 0)
      futex_wait(signalled_, 0);
    if (into.empty()) return 0;
    const std::uint64_t token = event_.exchange(no_token, base::acquire);
    if (token == no_token) return 0;
    into[0] = {.token = token, .readable = true, .writable = false, .hung_up = false};
    return 1;
  }

  void kick() noexcept {
    signalled_.exchange(1, base::release);
    futex_wake(signalled_, 1);
  }

  /// An edge: the socket of this token has become readable.
  void happen(std::uint64_t token) noexcept {
    event_.exchange(token, base::release);
    kick();
  }

  [[nodiscard]] int add(int, std::uint64_t) noexcept { return 0; }
  void remove(int) noexcept {}

 private:
  base::atomic<std::uint32_t> signalled_{0};
  base::atomic<std::uint64_t> event_{no_token};
};

inline std::unique_ptr<poller> make_epoll_poller() { return std::make_unique<poller>(); }

}  // namespace dwell::inline v0::os
