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
  /// The latest time that comes by itself.
  static constexpr std::int64_t horizon_ns = 1'000'000;
  /// The time of the waiting thread, which tells itself apart by `waiter`.
  static inline std::int64_t heard_at_ns = 0;
  static inline std::uint32_t waiter = 0;

  alarm() {
    heard_at_ns = 0;
    waiter = 0;
    only_ = this;
    end_of_time_ns_ = horizon_ns;
  }

  /// As much time again comes: after what a model's kernel did, however often the alarm rang
  /// before.
  static void time_goes_on() noexcept {
    end_of_time_ns_ = heard_at_ns + horizon_ns;
    if (only_->when_ns_ <= end_of_time_ns_) only_->ring();
  }

  // As with a timerfd, a later setting takes back a ring that nobody heard.
  void set(std::int64_t when_ns) noexcept {
    when_ns_ = when_ns;
    // Whether it rings is decided after the exchange: time may have gone on just before it.
    ringing_.exchange(0, base::acq_rel);
    if (when_ns > end_of_time_ns_) return;
    ring();
  }

  void wait() noexcept {
    waiter = model::this_thread();
    // acquire: a ring orders, as the kernel's locks do.
    while (ringing_.exchange(0, base::acquire) == 0) futex_wait(ringing_, 0);
    // A time that was set since then is none that has come.
    heard_at_ns = std::max(heard_at_ns, std::min(when_ns_, end_of_time_ns_));
  }

 private:
  void ring() noexcept {
    ringing_.exchange(1, base::acq_rel);
    futex_wake(ringing_, 1);
  }

  static inline alarm* only_ = nullptr;
  static inline std::int64_t end_of_time_ns_ = horizon_ns;

  base::atomic<std::uint32_t> ringing_{0};
  std::int64_t when_ns_ = 2 * horizon_ns;
};

}  // namespace dwell::inline v0::os
