// The registered sockets: where an event finds the waiters of its socket.
//
// The poller knows a socket by a token: the number of its slot and the generation of the slot. A
// closed socket's slot goes to a later one under the next generation, so an event that was fetched
// before the close, or that a duplicate of the descriptor still causes, finds nobody. Slots never
// move and are never freed while the table lives, so a token may be looked up at any time.
//
// Between the look at the generation and announce() the slot may change hands: the newcomer is then
// told of readiness that it does not have, which costs it a call in vain. Nothing else is at stake,
// and that is why announcements are hints.
//
// Slots lie in chunks, each twice as large as the one before: a table of ten sockets is small, and
// one of a million has no array that must move.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <dwell/base/atomic.hpp>
#include <dwell/base/export.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/reactor/readiness.hpp>

namespace dwell::inline v0::reactor {

struct socket_slot {
  readiness read;
  readiness write;
  base::atomic<std::uint32_t> generation{0};
  /// The other side will send no more: a short read does not mean that the next one would block.
  base::atomic<bool> hung_up{false};
  std::uint32_t number = 0;
  std::uint32_t next_free = 0;  // under the table's lock

  [[nodiscard]] std::uint64_t token() const noexcept {
    // relaxed: asked by whoever owns the slot.
    return std::uint64_t{generation.load(base::relaxed)} << 32 | number;
  }
};

class DWELL_API socket_table {
 public:
  socket_table() noexcept = default;
  ~socket_table();
  socket_table(const socket_table&) = delete;
  socket_table& operator=(const socket_table&) = delete;

  /// A slot for one socket. Throws std::bad_alloc. Any thread.
  [[nodiscard]] socket_slot& take();
  /// The socket is being closed; nobody waits on it. Any thread.
  void give_back(socket_slot& slot) noexcept;

  /// The slot of a registered socket, or null if it has been closed since.
  [[nodiscard]] socket_slot* find(std::uint64_t token) noexcept;

  /// Slots in use.
  [[nodiscard]] std::int64_t size() const noexcept {
    return size_.load(base::relaxed);  // relaxed: a hint to all but who changes it
  }

 private:
  static constexpr std::uint32_t first_chunk = 64;
  static constexpr std::uint32_t none = ~std::uint32_t{0};

  struct place {
    std::size_t chunk;
    std::uint32_t at;
  };
  [[nodiscard]] static constexpr place place_of(std::uint32_t number) noexcept {
    const std::uint32_t shifted = number + first_chunk;
    const int chunk = std::countl_zero(first_chunk) - std::countl_zero(shifted);
    return {static_cast<std::size_t>(chunk), shifted - (first_chunk << chunk)};
  }
  [[nodiscard]] socket_slot& at(std::uint32_t number) noexcept;
  void add_chunk();

  std::array<base::atomic<socket_slot*>, 26> chunks_{};
  base::atomic<std::int64_t> size_{0};
  // Under the lock:
  os::lock lock_;
  std::uint32_t free_ = none;
  std::uint32_t made_ = 0;
};

}  // namespace dwell::inline v0::reactor
