#include <dwell/base/panic.hpp>
#include <dwell/sync/condition.hpp>
#include <dwell/task/cancelled.hpp>

namespace dwell::inline v0 {

namespace {

mutex& mutex_of(const mutex::guard& held) noexcept {
  if (!held)
    base::panic("condition::wait",
                "the guard holds no mutex; pass the one that co_await mutex.lock() gave");
  return *held.owner();
}

}  // namespace

condition::condition() noexcept = default;
condition::~condition() = default;

void condition::notify_one() noexcept { notify(1); }
void condition::notify_all() noexcept { notify(SIZE_MAX); }

void condition::notify(std::size_t at_most) noexcept {
  sync::granted_waits granted;
  const os::lock_guard guard(lock_);
  for (; at_most > 0; --at_most) {
    sync::queued_wait* const first = waiters_.pop_front();
    if (first == nullptr) return;
    ++notified_;
    static_cast<notified_wait*>(first)->return_to_mutex(granted);
  }
}

condition_statistics condition::statistics() const noexcept {
  const os::lock_guard guard(lock_);
  return {waiters_.size(), waiters_.entered(), notified_};
}

const core::wait_kind condition::notified_wait::kind{"condition::wait", &notified_wait::call_off};

condition::notified_wait::notified_wait(condition* c, mutex::guard* held) noexcept
    : queued_wait(kind), condition_(*c), mutex_(mutex_of(*held)) {}

bool condition::notified_wait::sleep(std::coroutine_handle<> self) noexcept {
  if (!may_go_on(self) || !core::begin_wait(*this, self)) return core::give_way(*this);
  {
    const os::lock_guard guard(condition_.lock_);
    waiting_ = true;
    condition_.waiters_.push_back(*this);
  }
  mutex_.unlock();
  return core::end_wait(*this);
}

void condition::notified_wait::await_resume() {
  core::finish_wait(*this);
  if (called_off_) core::throw_cancelled();
}

void condition::notified_wait::return_to_mutex(sync::granted_waits& granted) noexcept {
  waiting_ = false;
  mutex_.admit(*this, granted);
}

bool condition::notified_wait::call_off(core::wait& self) noexcept {
  auto& w = static_cast<notified_wait&>(self);
  sync::granted_waits granted;
  const os::lock_guard guard(w.condition_.lock_);
  if (!w.waiting_) return false;
  (void)w.condition_.waiters_.remove(w);
  w.called_off_ = true;
  w.return_to_mutex(granted);
  return false;
}

}  // namespace dwell::inline v0
