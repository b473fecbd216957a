#include <dwell/base/panic.hpp>
#include <dwell/sync/semaphore.hpp>

namespace dwell::inline v0 {

semaphore::semaphore(std::size_t permits) noexcept : available_(permits) {}
semaphore::~semaphore() = default;

bool semaphore::take(std::size_t n) noexcept {
  if (available_ < n) return false;
  available_ -= n;
  ++acquired_;
  return true;
}

bool semaphore::take_in_turn(std::size_t n) noexcept { return waiters_.empty() && take(n); }

// There are more permits, or there is another first in line.
void semaphore::admit(sync::granted_waits& granted) noexcept {
  while (sync::queued_wait* const first = waiters_.front()) {
    if (!take(static_cast<acquire_wait*>(first)->count_)) return;
    granted.add(*waiters_.pop_front());
  }
}

void semaphore::release(std::size_t n) noexcept {
  sync::granted_waits granted;
  const os::lock_guard guard(lock_);
  if (n > SIZE_MAX - available_)
    base::panic("semaphore::release",
                "more permits than a size_t counts: released more than once?");
  available_ += n;
  admit(granted);
}

std::optional<semaphore::permit> semaphore::try_acquire(std::size_t n) noexcept {
  const os::lock_guard guard(lock_);
  if (!take_in_turn(n)) return std::nullopt;
  return permit(*this, n);
}

semaphore_statistics semaphore::statistics() const noexcept {
  const os::lock_guard guard(lock_);
  return {available_, waiters_.size(), acquired_, waiters_.entered()};
}

const core::wait_kind semaphore::acquire_wait::kind{"semaphore::acquire", &acquire_wait::call_off};

bool semaphore::acquire_wait::sleep(std::coroutine_handle<> self) noexcept {
  return wait_in(semaphore_.waiters_, self,
                 [&](sync::granted_waits&) { return semaphore_.take_in_turn(count_); });
}

bool semaphore::acquire_wait::call_off(core::wait& self) noexcept {
  auto& w = static_cast<acquire_wait&>(self);
  sync::granted_waits granted;
  const os::lock_guard guard(w.semaphore_.lock_);
  if (!w.semaphore_.waiters_.remove(w)) return false;
  w.semaphore_.admit(granted);
  return true;
}

}  // namespace dwell::inline v0
