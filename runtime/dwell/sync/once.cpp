#include <dwell/sync/once.hpp>

namespace dwell::inline v0 {

once::once() noexcept = default;
once::~once() = default;

void once::end_turn(bool succeeded) noexcept {
  sync::granted_waits granted;
  const os::lock_guard guard(lock_);
  if (succeeded) {
    state_ = state::done;
    waiters_.grant_all(granted);
  } else if (sync::queued_wait* const next = waiters_.pop_front()) {
    static_cast<turn_wait*>(next)->runs_ = true;
    ++runs_;
    granted.add(*next);
  } else {
    state_ = state::idle;
  }
}

bool once::done() const noexcept {
  const os::lock_guard guard(lock_);
  return state_ == state::done;
}

once_statistics once::statistics() const noexcept {
  const os::lock_guard guard(lock_);
  return {state_ == state::done, state_ == state::running, waiters_.size(), runs_};
}

const core::wait_kind once::turn_wait::kind{"once::call_once", &queued_wait::call_off};

bool once::turn_wait::take() noexcept {
  if (once_.state_ == state::idle) {
    once_.state_ = state::running;
    ++once_.runs_;
    runs_ = true;
  }
  return runs_ || once_.state_ == state::done;
}

bool once::turn_wait::sleep(std::coroutine_handle<> self) noexcept {
  return wait_in(once_.waiters_, self, [&](sync::granted_waits&) { return take(); });
}

}  // namespace dwell::inline v0
