// Stands in front of runtime/dwell/os/alarm.hpp in the models. Time stands still there, but for the
// one thread that waits for the alarm: an alarm set for a time within the horizon rings, and who
// heard it lives at that time from then on. A ring that is lost is a deadlock.
#pragma once

#include <algorithm>
#include <cstdint>

#include <dwell/base/atomic.hpp>
#include <dwell/os/futex.hpp>

#include "../../../explorer/model.hpp"

namespace dwell::inline v0::os {

class alarm {
 public:
  /// The latest time that comes.
  static constexpr std::int64_t horizon_ns = 1'000'000;
  /// The time of the waiting thread, which tells itself apart by `waiter`.
  static inline std::int64_t heard_at_ns = 0;
  static inline std::uint32_t waiter = 0;

  alarm() {
    heard_at_ns = 0;
    waiter = 0;
  }

  // As with a timerfd, a later setting takes back a ring that nobody heard.
  void set(std::int64_t when_ns) noexcept {
    when_ns_ = when_ns;
    const bool rings = when_ns <= horizon_ns;
    ringing_.exchange(rings ? 1 : 0, base::acq_rel);
    if (rings) futex_wake(ringing_, 1);
  }

  void wait() noexcept {
    waiter = model::this_thread();
    // acquire: a ring orders, as the kernel's locks do.
    while (ringing_.exchange(0, base::acquire) == 0) futex_wait(ringing_, 0);
    heard_at_ns = std::max(heard_at_ns, when_ns_);
  }

 private:
  base::atomic<std::uint32_t> ringing_{0};
  std::int64_t when_ns_ = 0;
};

}  // namespace dwell::inline v0::os
