#include <dwell/os/clock.hpp>
#include <dwell/scope/sleep.hpp>
#include <dwell/task/context.hpp>

namespace dwell::inline v0 {

namespace {
constexpr std::int64_t only_yield = INT64_MIN;
}  // namespace

scope::sleep_op sleep_for(std::chrono::nanoseconds d) noexcept {
  return scope::sleep_op(d.count() <= 0 ? only_yield : os::deadline_after(os::now_ns(), d));
}

scope::sleep_op sleep_until(std::chrono::steady_clock::time_point when) noexcept {
  using std::chrono::nanoseconds;
  const std::int64_t ns = std::chrono::duration_cast<nanoseconds>(when.time_since_epoch()).count();
  return scope::sleep_op(ns <= os::now_ns() ? only_yield : ns);
}

namespace scope {

const core::wait_kind sleep_awaiter::kind{"sleep_for", &sleep_awaiter::call_off};

bool sleep_awaiter::sleep(std::coroutine_handle<> self) {
  if (!core::begin_wait(*this, self)) return core::give_way(*this);
  if (deadline_ns_ == only_yield) {
    core::abandon_wait(*this);
    return core::requeue(self);
  }
  auto& port = *static_cast<reactor::timer_port*>(core::current_context->timers);
  try {
    port.reserve();
  } catch (...) {
    core::abandon_wait(*this);
    throw;
  }
  port_ = &port;
  ticket_ = port.arm(root(), deadline_ns_);
  return core::end_wait(*this);
}

bool sleep_awaiter::call_off(core::wait& self) noexcept {
  auto& sleep = static_cast<sleep_awaiter&>(self);
  return sleep.port_->owner().cancel(sleep.port_->shard(), sleep.ticket_);
}

bool checkpoint_awaiter::pass(std::coroutine_handle<> self) noexcept {
  return --core::current_context->budget <= 0 && core::requeue(self);
}

}  // namespace scope

}  // namespace dwell::inline v0
