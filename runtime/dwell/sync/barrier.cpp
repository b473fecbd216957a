#include <dwell/base/panic.hpp>
#include <dwell/sync/barrier.hpp>

namespace dwell::inline v0 {

barrier::barrier(std::size_t parties) noexcept : parties_(parties) {
  if (parties == 0) base::panic("barrier", "for nobody; construct it with the number of its tasks");
}
barrier::~barrier() = default;

bool barrier::complete(meeting_wait& last, sync::granted_waits& granted) noexcept {
  if (waiters_.size() + 1 < parties_) return false;
  ++generations_;
  std::size_t place = 0;
  while (sync::queued_wait* const w = waiters_.pop_front()) {
    static_cast<meeting_wait*>(w)->place_ = place++;
    granted.add(*w);
  }
  last.place_ = place;
  return true;
}

barrier_statistics barrier::statistics() const noexcept {
  const os::lock_guard guard(lock_);
  return {parties_, waiters_.size(), generations_};
}

const core::wait_kind barrier::meeting_wait::kind{"barrier::arrive_and_wait",
                                                  &queued_wait::call_off};

bool barrier::meeting_wait::sleep(std::coroutine_handle<> self) noexcept {
  return wait_in(barrier_.waiters_, self,
                 [&](sync::granted_waits& granted) { return barrier_.complete(*this, granted); });
}

}  // namespace dwell::inline v0
