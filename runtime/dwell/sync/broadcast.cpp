#include <algorithm>
#include <string>

#include <dwell/sync/broadcast.hpp>

namespace dwell::inline v0 {

broadcast_lagged::broadcast_lagged(std::uint64_t missed)
    : std::runtime_error("broadcast: a subscriber was too slow and missed " +
                         std::to_string(missed) + " values"),
      missed_(missed) {}
broadcast_lagged::~broadcast_lagged() = default;

namespace sync {

broadcast_core::broadcast_core(std::size_t capacity) : ring_(capacity) {
  if (capacity == 0) base::panic("make_broadcast", "a capacity of 0 keeps nothing; give 1 or more");
}

bool broadcast_core::find(std::uint64_t& place, broadcast_find& found) noexcept {
  const std::uint64_t kept = std::min<std::uint64_t>(sent_, ring_.size());
  const std::uint64_t oldest = sent_ - kept;
  if (place < oldest) {
    found.missed = oldest - place;
    missed_ += found.missed;
    place = oldest;
    return true;
  }
  if (place == sent_) return closed_;
  found.value = ring_[place % ring_.size()];
  ++place;
  return true;
}

// What the value overwrites is destroyed after the lock is off: by `value`, the parameter.
std::size_t broadcast_core::send(std::shared_ptr<const void> value) {
  granted_waits granted;
  const os::lock_guard guard(lock_);
  if (closed_) throw channel_closed();
  const std::uint64_t place = sent_++;
  while (queued_wait* const w = waiting_.pop_front()) {
    // Whoever waits has read all there was, so this is its next.
    auto& subscriber = *static_cast<broadcast_wait*>(w);
    subscriber.found.value = value;
    subscriber.place_ = sent_;
    granted.add(*w);
  }
  ring_[place % ring_.size()].swap(value);
  return subscribers_;
}

bool broadcast_core::try_receive(std::uint64_t& place, broadcast_find& found) noexcept {
  const os::lock_guard guard(lock_);
  return find(place, found);
}

void broadcast_core::join(side s) noexcept {
  const os::lock_guard guard(lock_);
  ++(s == side::sending ? senders_ : subscribers_);
}

void broadcast_core::leave(side s) noexcept {
  if (s == side::sending) {
    granted_waits granted;
    const os::lock_guard guard(lock_);
    if (--senders_ > 0) return;
    closed_ = true;
    waiting_.grant_all(granted);
    return;
  }
  const os::lock_guard guard(lock_);
  --subscribers_;
}

void broadcast_core::close() noexcept {
  granted_waits granted;
  const os::lock_guard guard(lock_);
  closed_ = true;
  waiting_.grant_all(granted);
}

std::uint64_t broadcast_core::now() const noexcept {
  const os::lock_guard guard(lock_);
  return sent_;
}

broadcast_statistics broadcast_core::statistics() const noexcept {
  const os::lock_guard guard(lock_);
  return {.capacity = ring_.size(),
          .senders = senders_,
          .subscribers = subscribers_,
          .waiting = waiting_.size(),
          .sent = sent_,
          .missed = missed_,
          .closed = closed_};
}

const core::wait_kind broadcast_wait::kind{"broadcast_receiver::receive",
                                           &broadcast_wait::call_off};

bool broadcast_wait::sleep(std::coroutine_handle<> self) noexcept {
  return wait_in(core_.waiting_, self,
                 [this](granted_waits&) { return core_.find(place_, found); });
}

}  // namespace sync

}  // namespace dwell::inline v0
