#include <dwell/base/panic.hpp>
#include <dwell/sync/shared_mutex.hpp>

namespace dwell::inline v0 {

shared_mutex::shared_mutex() noexcept = default;

shared_mutex::~shared_mutex() {
  if (writing_ || readers_ > 0)
    base::panic("shared_mutex",
                "destroyed while it is locked; it must outlive its guards and its waits");
}

bool shared_mutex::take(bool exclusive) noexcept {
  if (writing_ || (exclusive && readers_ > 0)) return false;
  ++(exclusive ? acquired_ : acquired_shared_);
  if (exclusive)
    writing_ = true;
  else
    ++readers_;
  return true;
}

bool shared_mutex::take_in_turn(bool exclusive) noexcept {
  return waiters_.empty() && take(exclusive);
}

// The state was loosened: lets in whoever is first in line, as many as fit together.
void shared_mutex::admit(sync::granted_waits& granted) noexcept {
  while (sync::queued_wait* const first = waiters_.front()) {
    if (!take(static_cast<lock_wait*>(first)->exclusive_)) return;
    granted.add(*waiters_.pop_front());
  }
}

void shared_mutex::unlock() noexcept {
  sync::granted_waits granted;
  const os::lock_guard alone(lock_);
  writing_ = false;
  admit(granted);
}

void shared_mutex::unlock_shared() noexcept {
  sync::granted_waits granted;
  const os::lock_guard alone(lock_);
  --readers_;
  admit(granted);
}

std::optional<shared_mutex::guard> shared_mutex::try_lock() noexcept {
  const os::lock_guard alone(lock_);
  if (!take_in_turn(true)) return std::nullopt;
  return shared_mutex::guard(*this);
}

std::optional<shared_mutex::shared_guard> shared_mutex::try_lock_shared() noexcept {
  const os::lock_guard alone(lock_);
  if (!take_in_turn(false)) return std::nullopt;
  return shared_guard(*this);
}

shared_mutex_statistics shared_mutex::statistics() const noexcept {
  const os::lock_guard alone(lock_);
  return {writing_, readers_, waiters_.size(), acquired_, acquired_shared_, waiters_.entered()};
}

const core::wait_kind shared_mutex::lock_wait::kind{"shared_mutex::lock", &lock_wait::call_off};
const core::wait_kind shared_mutex::lock_wait::kind_shared{"shared_mutex::lock_shared",
                                                           &lock_wait::call_off};

bool shared_mutex::lock_wait::sleep(std::coroutine_handle<> self) noexcept {
  return wait_in(mutex_.waiters_, self,
                 [&](sync::granted_waits&) { return mutex_.take_in_turn(exclusive_); });
}

bool shared_mutex::lock_wait::call_off(core::wait& self) noexcept {
  auto& w = static_cast<lock_wait&>(self);
  sync::granted_waits granted;
  const os::lock_guard alone(w.mutex_.lock_);
  if (!w.mutex_.waiters_.remove(w)) return false;
  w.mutex_.admit(granted);
  return true;
}

}  // namespace dwell::inline v0
