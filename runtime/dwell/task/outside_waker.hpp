// How many objects exist through which a thread that is no worker may wake a chain.
//
// The deadlock report must never call a program stuck that a foreign thread is about to wake. So
// whatever such a thread can hold counts here for as long as it lives.
#pragma once

#include <cstdint>

#include <dwell/base/atomic.hpp>
#include <dwell/base/export.hpp>

namespace dwell::inline v0::core {

class outside_waker {
 public:
  outside_waker() noexcept {
    alive.fetch_add(1, base::relaxed);  // relaxed: a count, read when everybody sleeps
  }
  ~outside_waker() {
    // release: pairs with the acquire in count(): what it woke was submitted before.
    alive.fetch_sub(1, base::release);
  }
  outside_waker(const outside_waker&) = delete;
  outside_waker& operator=(const outside_waker&) = delete;

  static std::int64_t count() noexcept { return alive.load(base::acquire); }

 private:
  static DWELL_API base::atomic<std::int64_t> alive;
};

}  // namespace dwell::inline v0::core
