#include <dwell/sync/oneshot.hpp>

namespace dwell::inline v0 {

oneshot_closed::oneshot_closed()
    : std::runtime_error(
          "oneshot: the sender was destroyed without sending, or the value was taken already") {}
oneshot_closed::~oneshot_closed() = default;

namespace sync {

void oneshot_word::finish() noexcept {
  // acq_rel: publishes the value; takes the waiter's frame.
  const std::uintptr_t before = word_.exchange(done, base::acq_rel);
  DWELL_ASSERT(before != done, "a oneshot is finished once");
  if (before == empty) return;
  auto& waiter = *reinterpret_cast<oneshot_wait*>(before);
  core::executor& home = waiter.home();
  if (core::wait* const claimed = waiter.root().sleep.wake()) home.submit(*claimed);
}

bool oneshot_word::add_waiter(oneshot_wait& w) noexcept {
  std::uintptr_t expected = empty;
  // release: publishes the wait. acquire on failure: the value.
  if (word_.compare_exchange_strong(expected, reinterpret_cast<std::uintptr_t>(&w), base::release,
                                    base::acquire))
    return true;
  if (expected != done) base::panic("oneshot_receiver", "two tasks await it; it has one receiver");
  return false;
}

bool oneshot_word::remove_waiter(oneshot_wait& w) noexcept {
  auto expected = reinterpret_cast<std::uintptr_t>(&w);
  // relaxed: nothing is handed over; the wait stays the sleeper's.
  return word_.compare_exchange_strong(expected, empty, base::relaxed, base::relaxed);
}

const core::wait_kind oneshot_wait::kind{"oneshot_receiver", &oneshot_wait::call_off};

bool oneshot_wait::sleep(std::coroutine_handle<> self) noexcept {
  home_ = core::current_context->exec;
  if (!core::begin_wait(*this, self)) return core::give_way(*this);
  if (!word_.add_waiter(*this)) {
    core::abandon_wait(*this);
    return core::give_way(*this);
  }
  return core::end_wait(*this);
}

bool oneshot_wait::call_off(core::wait& self) noexcept {
  auto& w = static_cast<oneshot_wait&>(self);
  return w.word_.remove_waiter(w);
}

}  // namespace sync

}  // namespace dwell::inline v0
