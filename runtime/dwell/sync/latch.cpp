#include <dwell/base/panic.hpp>
#include <dwell/sync/latch.hpp>

namespace dwell::inline v0 {

latch::latch(std::size_t count) noexcept : remaining_(count) {}
latch::~latch() = default;

void latch::count_down(std::size_t n) noexcept {
  sync::granted_waits granted;
  const os::lock_guard guard(lock_);
  if (n > remaining_)
    base::panic("latch::count_down", "below zero: construct it with as many as will be counted");
  remaining_ -= n;
  if (remaining_ == 0) waiters_.grant_all(granted);
}

bool latch::done() const noexcept {
  const os::lock_guard guard(lock_);
  return remaining_ == 0;
}

latch_statistics latch::statistics() const noexcept {
  const os::lock_guard guard(lock_);
  return {remaining_, waiters_.size(), waiters_.entered()};
}

const core::wait_kind latch::zero_wait::kind{"latch::wait", &queued_wait::call_off};

bool latch::zero_wait::sleep(std::coroutine_handle<> self) noexcept {
  return wait_in(latch_.waiters_, self,
                 [&](sync::granted_waits&) { return latch_.remaining_ == 0; });
}

}  // namespace dwell::inline v0
