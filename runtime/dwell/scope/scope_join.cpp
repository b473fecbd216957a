#include <new>
#include <utility>

#include <dwell/scope/scope_join.hpp>
#include <dwell/task/context.hpp>

namespace dwell::inline v0::scope {

using core::frame_header;

const core::wait_kind scope_join::alarm_wait::kind{"deadline", &alarm_wait::call_off};

scope_join::scope_join(const char* who, std::int64_t deadline_ns, shielding how) noexcept
    : exec_(*core::require_context(who).exec), deadline_ns_(deadline_ns) {
  expect_cancel();  // with one chain that is the cheaper way in any case
  if (how == shielding::shielded) raise_shield();
  alarm_.continuation = static_cast<core::join*>(this);
  alarm_.root = &alarm_;
  alarm_.skipped = true;
  alarm_wait_.set_leaf(alarm_);
}

void scope_join::for_each_root(root_visitor visit, void* context) noexcept {
  // acquire: pairs with the release in begin(): a scope may be cancelled before it has begun.
  if (frame_header* const body = body_.load(base::acquire)) visit(context, *body);
}

// ---- Beginning ----

std::coroutine_handle<> scope_join::begin(frame_header& owner, frame_header& body) {
  owner_ = &owner;
  hang_below(owner.root->joined());
  body.continuation = static_cast<core::join*>(this);
  body.root = &body;
  body.skipped = true;  // until it starts: the alarm may find no memory
  if (over_before_it_begins()) return core::switch_chain(body_ended());
  // release: publishes the root's fields to for_each_root().
  body_.store(&body, base::release);
  set_first_alarm();
  body.skipped = false;
  body.attached = true;
  body.started = true;
  return core::switch_chain(&body);
}

bool scope_join::over_before_it_begins() noexcept {
  if (cancelled() || (!shielded() && parent()->cancel_requested())) return true;
  const std::int64_t when = deadline_ns();
  if (when == os::never_ns || when > os::now_ns()) return false;
  cancel(exec_, core::cancel_reason::deadline);
  return true;
}

bool scope_join::absorbs() const noexcept {
  const core::cancel_reason why = reason();
  if (why == core::cancel_reason::none || why == core::cancel_reason::outer) return false;
  return shielded() || !parent()->cancel_requested();
}

// ---- The alarm ----

namespace {

reactor::timer_port& own_port() noexcept {
  return *static_cast<reactor::timer_port*>(core::current_context->timers);
}

}  // namespace

void scope_join::set_first_alarm() {
  const os::lock_guard guard(lock_);
  begun_ = true;
  const std::int64_t when = deadline_ns();
  if (when == os::never_ns) return;
  own_port().reserve();
  timed_ = true;
  set_alarm(when);
}

void scope_join::set_deadline(const char* who, std::int64_t when_ns) {
  if (core::require_context(who).exec != &exec_)
    base::panic(who, "called in another runtime; move a deadline where its scope runs");
  store_deadline(when_ns);
  if (when_ns <= os::now_ns()) cancel(exec_, core::cancel_reason::deadline);
}

void scope_join::store_deadline(std::int64_t when_ns) {
  const os::lock_guard guard(lock_);
  // An alarm that rings before the new deadline sees to it by itself.
  const bool sooner = !armed_ || when_ns < armed_for_ns_;
  if (begun_ && sooner && when_ns != os::never_ns && !cancelled()) {
    own_port().reserve();
    timed_ = true;
    // One that cannot be called off is about to look at the deadline.
    if (!armed_ || call_alarm_off()) set_alarm(when_ns);
  }
  deadline_ns_.store(when_ns, base::relaxed);  // relaxed: the lock orders it for the alarm
}

// Under the lock, with room for a timer. The alarm's share is counted before it can ring.
void scope_join::set_alarm(std::int64_t when_ns) noexcept {
  take_share_for_alarm();
  armed_for_ns_ = when_ns;
  port_ = &own_port();
  alarm_.sleep.park(alarm_wait_);
  ticket_ = port_->arm(alarm_, when_ns);
}

void scope_join::take_share_for_alarm() noexcept {
  // relaxed: whoever calls has a share, so the end is yet to come.
  if (!std::exchange(armed_, true)) parties_.fetch_add(1, base::relaxed);
}

// Under the lock: true if the alarm will never ring.
bool scope_join::call_alarm_off() noexcept {
  return port_->owner().cancel(port_->shard(), ticket_);
}

// ---- Ending ----

frame_header* scope_join::chain_ended(frame_header& root) noexcept {
  return &root == &alarm_ ? alarm_rang() : body_ended();
}

frame_header* scope_join::body_ended() noexcept {
  const std::uint32_t shares = timed_ ? retire() : 1;
  // acquire: pairs with the release in cancel_node::claim(): who sees the flag of a canceller sees
  // his share.
  if (cancelled()) base::fence(base::acquire);
  // acquire: pairs with the release in depart() and let_go().
  if (parties_.load(base::acquire) == shares) return finish();
  // From here on another party may continue the owner, elsewhere.
  core::detach_chain(*owner_->root);
  return depart(shares);
}

// How many shares go with the body: the alarm's too, if it was called off.
std::uint32_t scope_join::retire() noexcept {
  const os::lock_guard guard(lock_);
  ended_ = true;
  return armed_ && call_alarm_off() ? 2 : 1;
}

frame_header* scope_join::alarm_rang() noexcept {
  if (only_leaves_) return finish();
  if (expires_now()) cancel(exec_, core::cancel_reason::deadline);
  return depart(1);
}

// Whether the time is really over. If it is not, another alarm takes a share of its own.
bool scope_join::expires_now() noexcept {
  const os::lock_guard guard(lock_);
  armed_ = false;
  alarm_.started = false;
  const std::int64_t when = deadline_ns();
  if (ended_ || when == os::never_ns || cancelled()) return false;
  if (when <= os::now_ns()) return true;
  set_alarm_again(when);
  return false;
}

// Without memory for a timer the alarm waits in line until there is some, or its time has come.
void scope_join::set_alarm_again(std::int64_t when_ns) noexcept {
  try {
    own_port().reserve();
    set_alarm(when_ns);
  } catch (const std::bad_alloc&) {
    take_share_for_alarm();
    if (!exec_.requeue(alarm_)) exec_.submit(alarm_wait_);
  }
}

// Gives up `shares`; the owner if they were the last.
frame_header* scope_join::depart(std::uint32_t shares) noexcept {
  // acq_rel: publishes what this party did to the scope, the body's result among it, to whoever
  // continues the owner; and collects the other's.
  return parties_.fetch_sub(shares, base::acq_rel) == shares ? finish() : nullptr;
}

void scope_join::let_go() noexcept {
  // acq_rel: as in depart().
  if (parties_.fetch_sub(1, base::acq_rel) != 1) return;
  only_leaves_ = true;
  exec_.submit(alarm_wait_);
}

frame_header* scope_join::finish() noexcept {
  leave();
  return owner_;
}

}  // namespace dwell::inline v0::scope
