#include <dwell/sync/event.hpp>

namespace dwell::inline v0 {

namespace sync {

void event_state::reset() noexcept {
  const os::lock_guard guard(lock_);
  set_ = false;
}

bool event_state::is_set() const noexcept {
  const os::lock_guard guard(lock_);
  return set_;
}

event_statistics event_state::statistics() const noexcept {
  const os::lock_guard guard(lock_);
  return {set_, waiters_.size(), sets_, waiters_.entered()};
}

const core::wait_kind event_wait::kind{"event::wait", &queued_wait::call_off};
const core::wait_kind event_wait::kind_takes{"auto_reset_event::wait", &queued_wait::call_off};

event_wait::event_wait(event_state* e, bool takes) noexcept
    : queued_wait(takes ? kind_takes : kind), event_(*e), takes_(takes) {}

bool event_wait::sleep(std::coroutine_handle<> self) noexcept {
  return wait_in(event_.waiters_, self, [&](granted_waits&) {
    const bool was_set = event_.set_;
    if (takes_) event_.set_ = false;
    return was_set;
  });
}

}  // namespace sync

event::event(bool set) noexcept : event_state(set) {}
event::~event() = default;

void event::set() noexcept {
  sync::granted_waits granted;
  const os::lock_guard guard(lock_);
  ++sets_;
  set_ = true;
  waiters_.grant_all(granted);
}

auto_reset_event::auto_reset_event(bool set) noexcept : event_state(set) {}
auto_reset_event::~auto_reset_event() = default;

void auto_reset_event::set() noexcept {
  sync::granted_waits granted;
  const os::lock_guard guard(lock_);
  ++sets_;
  if (sync::queued_wait* const first = waiters_.pop_front())
    granted.add(*first);
  else
    set_ = true;
}

}  // namespace dwell::inline v0
