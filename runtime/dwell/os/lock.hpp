// A four-byte mutex on the futex, for short sections off the hot path.
//
// std::mutex is forty bytes, and these sit in every cancellation node. Three states (free, held,
// held with waiters) after Drepper, "Futexes Are Tricky" (2011), mutex 2.
#pragma once

#include <cstdint>

#include <dwell/base/atomic.hpp>
#include <dwell/os/futex.hpp>

namespace dwell::inline v0::os {

/// Mutual exclusion between threads; not recursive; entered through lock_guard.
class lock {
 public:
  lock() = default;
  lock(const lock&) = delete;
  lock& operator=(const lock&) = delete;

  /// True when the caller now holds it.
  [[nodiscard]] bool try_lock() noexcept {
    std::uint32_t expected = free;
    // acquire: pairs with the release in release(); relaxed on failure: nothing was entered.
    return word_.compare_exchange_strong(expected, held, base::acquire, base::relaxed);
  }

  void acquire() noexcept {
    if (!try_lock()) acquire_slow();
  }

  void release() noexcept {
    // release: pairs with the acquires above, publishing what the holder wrote.
    if (word_.exchange(free, base::release) == contended) futex_wake(word_, 1);
  }

 private:
  void acquire_slow() noexcept {
    // acquire: pairs with the release in release(). From here on the word says "contended", so that
    // whoever releases it makes the system call.
    while (word_.exchange(contended, base::acquire) != free) futex_wait(word_, contended);
  }

  static constexpr std::uint32_t free = 0;
  static constexpr std::uint32_t held = 1;
  static constexpr std::uint32_t contended = 2;

  base::atomic<std::uint32_t> word_{free};
};

/// Holds a lock for a block.
class [[nodiscard]] lock_guard {
 public:
  explicit lock_guard(lock& l) noexcept : lock_(l) { lock_.acquire(); }
  ~lock_guard() { lock_.release(); }
  lock_guard(const lock_guard&) = delete;
  lock_guard& operator=(const lock_guard&) = delete;

 private:
  lock& lock_;
};

}  // namespace dwell::inline v0::os
