#include <utility>

#include <dwell/base/panic.hpp>
#include <dwell/scope/as_completed.hpp>

namespace dwell::inline v0::scope {

void completion_join::body_ended() noexcept {
  if (not_taken() > 0) cancel(*core::current_context->exec);
}

void completion_join::deliver(std::uint32_t child) noexcept {
  completion_wait* waiter = nullptr;
  {
    const os::lock_guard guard(lock_);
    ended_.push_back(child);  // within what expect() reserved
    waiter = std::exchange(waiter_, nullptr);
  }
  if (waiter == nullptr) return;
  // Nobody else can end the wait now, so it stays where it is until we do.
  if (core::wait* const claimed = waiter->root().sleep.wake())
    core::current_context->exec->submit(*claimed);
}

bool completion_join::add_waiter(completion_wait& w) noexcept {
  const os::lock_guard guard(lock_);
  if (waiter_ != nullptr)
    base::panic("completions::next", "two tasks await it; it gives each end to one");
  if (taken_ < ended_.size() || taken_ == count_) return false;
  waiter_ = &w;
  return true;
}

bool completion_join::remove_waiter(completion_wait& w) noexcept {
  const os::lock_guard guard(lock_);
  return std::exchange(waiter_, nullptr) == &w;
}

std::optional<std::uint32_t> completion_join::take() noexcept {
  const os::lock_guard guard(lock_);
  if (taken_ == count_) return std::nullopt;
  DWELL_ASSERT(taken_ < ended_.size(), "a wait for the next end is over when there is one");
  return ended_[taken_++];
}

const core::wait_kind completion_wait::kind{"completions::next", &completion_wait::call_off};

bool completion_wait::sleep(std::coroutine_handle<> self) noexcept {
  if (!core::begin_wait(*this, self)) return core::give_way(*this);
  if (!join_.add_waiter(*this)) {
    core::abandon_wait(*this);
    return core::give_way(*this);
  }
  return core::end_wait(*this);
}

bool completion_wait::call_off(core::wait& self) noexcept {
  auto& w = static_cast<completion_wait&>(self);
  return w.join_.remove_waiter(w);
}

}  // namespace dwell::inline v0::scope
