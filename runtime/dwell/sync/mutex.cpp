#include <dwell/base/panic.hpp>
#include <dwell/sync/mutex.hpp>

namespace dwell::inline v0 {

mutex::mutex() noexcept = default;

mutex::~mutex() {
  if (locked_)
    base::panic("mutex", "destroyed while it is locked; it must outlive its guards and its waits");
}

bool mutex::take() noexcept {
  if (locked_) return false;
  locked_ = true;
  ++acquired_;
  return true;
}

void mutex::unlock() noexcept {
  sync::granted_waits granted;
  const os::lock_guard alone(lock_);
  if (sync::queued_wait* const next = waiters_.pop_front()) {
    ++acquired_;
    granted.add(*next);
  } else {
    locked_ = false;
  }
}

void mutex::admit(sync::queued_wait& w, sync::granted_waits& granted) noexcept {
  const os::lock_guard alone(lock_);
  if (take()) return granted.add(w);
  waiters_.push_back(w);
}

std::optional<mutex::guard> mutex::try_lock() noexcept {
  const os::lock_guard alone(lock_);
  if (!take()) return std::nullopt;
  return mutex::guard(*this);
}

mutex_statistics mutex::statistics() const noexcept {
  const os::lock_guard alone(lock_);
  return {locked_, waiters_.size(), acquired_, waiters_.entered()};
}

const core::wait_kind mutex::lock_wait::kind{"mutex::lock", &queued_wait::call_off};

bool mutex::lock_wait::sleep(std::coroutine_handle<> self) noexcept {
  return wait_in(mutex_.waiters_, self, [&](sync::granted_waits&) { return mutex_.take(); });
}

}  // namespace dwell::inline v0
