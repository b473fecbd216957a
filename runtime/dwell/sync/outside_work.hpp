// outside_work: somebody who is no task may yet wake one.
//
// The deadlock report speaks up when every task sleeps and nothing is left that could wake one. It
// knows timers and oneshot senders; a mutex, a semaphore or an event are normally released by
// tasks, so it does not count them. A plain thread, a callback or another runtime that will release
// one says so with this.
#pragma once

#include <optional>

#include <dwell/task/outside_waker.hpp>

namespace dwell::inline v0 {

/// While one lives, no runtime of the program reports a deadlock. Make it before the tasks that
/// wait start to, and keep it until the last wake-up from outside is done. Any thread; may be moved
/// to another. One atomic addition each way.
class outside_work {
 public:
  outside_work() noexcept : counted_(std::in_place) {}
  outside_work(outside_work&& other) noexcept { *this = std::move(other); }
  outside_work& operator=(outside_work&& other) noexcept {
    if (this == &other) return *this;
    counted_.reset();
    if (other.counted_) counted_.emplace();  // before the other's goes: never uncounted
    other.counted_.reset();
    return *this;
  }

 private:
  std::optional<core::outside_waker> counted_;
};

}  // namespace dwell::inline v0
