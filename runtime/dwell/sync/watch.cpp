#include <dwell/sync/watch.hpp>

namespace dwell::inline v0::sync {

bool watch_core::find(std::uint64_t& seen, bool& changed) const noexcept {
  changed = seen != version_;
  seen = version_;
  return changed || closed_;
}

// What the value replaces is destroyed after the lock is off: by `value`, the parameter.
void watch_core::send(std::shared_ptr<const void> value) {
  granted_waits granted;
  const os::lock_guard guard(lock_);
  if (closed_) throw channel_closed();
  value_.swap(value);
  ++version_;
  while (queued_wait* const w = waiting_.pop_front()) {
    auto& watcher = *static_cast<watch_wait*>(w);
    (void)find(watcher.seen_, watcher.changed_);
    granted.add(*w);
  }
}

std::shared_ptr<const void> watch_core::get(std::uint64_t& seen) const noexcept {
  const os::lock_guard guard(lock_);
  seen = version_;
  return value_;
}

void watch_core::join(side s) noexcept {
  const os::lock_guard guard(lock_);
  ++(s == side::sending ? senders_ : receivers_);
}

void watch_core::leave(side s) noexcept {
  granted_waits granted;
  const os::lock_guard guard(lock_);
  if (s == side::receiving) {
    --receivers_;
    return;
  }
  if (--senders_ > 0) return;
  closed_ = true;
  waiting_.grant_all(granted);
}

void watch_core::close() noexcept {
  granted_waits granted;
  const os::lock_guard guard(lock_);
  closed_ = true;
  waiting_.grant_all(granted);
}

watch_statistics watch_core::statistics() const noexcept {
  const os::lock_guard guard(lock_);
  return {.senders = senders_,
          .receivers = receivers_,
          .waiting = waiting_.size(),
          .version = version_,
          .closed = closed_};
}

const core::wait_kind watch_wait::kind{"watch_receiver::changed", &watch_wait::call_off};

bool watch_wait::sleep(std::coroutine_handle<> self) noexcept {
  return wait_in(core_.waiting_, self,
                 [this](granted_waits&) { return core_.find(seen_, changed_); });
}

}  // namespace dwell::inline v0::sync
