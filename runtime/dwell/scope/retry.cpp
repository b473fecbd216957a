#include <algorithm>

#include <dwell/base/panic.hpp>
#include <dwell/os/clock.hpp>
#include <dwell/scope/random.hpp>
#include <dwell/scope/retry.hpp>

namespace dwell::inline v0 {

using std::chrono::nanoseconds;

retry_hint::~retry_hint() = default;

namespace scope {

namespace {

// Its address is the key under which an attempt keeps the budget.
constexpr char budget_key = 0;

nanoseconds hint_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const retry_hint& hint) {
    return std::max(hint.retry_after(), nanoseconds::zero());
  } catch (...) {
    return nanoseconds::zero();
  }
}

}  // namespace

bool retry_budget::spend() noexcept {
  // relaxed, here and below: a number of its own, and nothing is published with it.
  std::uint64_t left = left_.load(base::relaxed);
  while (left != 0) {
    // relaxed: as above.
    if (left_.compare_exchange_weak(left, left - 1, base::relaxed, base::relaxed)) return true;
  }
  return false;
}

retry_budget* retry_budget::of(core::join& scope) noexcept {
  return static_cast<retry_budget*>(scope.find_kept(&budget_key));
}

void* attempt_join::kept(const void* key) noexcept {
  return key == &budget_key ? &budget_ : nullptr;
}

retry_plan::retry_plan(const retry_policy& policy, core::join& scope)
    : policy_(policy),
      scope_(scope),
      inherited_(retry_budget::of(scope)),
      own_(policy.budget != 0 ? policy.budget : policy.max_attempts - 1) {
  if (policy.max_attempts == 0)
    base::panic("retry", "max_attempts is 0; the first attempt counts, so it is at least 1");
  if (policy.first_pause < nanoseconds::zero() || policy.longest_pause < nanoseconds::zero())
    base::panic("retry", "a pause is negative; zero is the shortest");
}

nanoseconds retry_plan::ceiling() const noexcept {
  nanoseconds pause = std::min(policy_.first_pause, policy_.longest_pause);
  for (std::uint32_t i = 1; i < failures_ && pause.count() != 0; ++i) {
    if (pause > policy_.longest_pause / 2) return policy_.longest_pause;
    pause *= 2;
  }
  return pause;
}

bool retry_plan::worth_it(const std::exception_ptr& error) const {
  return !core::is_cancelled(error) && failures_ < policy_.max_attempts &&
         (policy_.retries == nullptr || policy_.retries(error));
}

nanoseconds retry_plan::pause_after(const std::exception_ptr& error) {
  ++failures_;
  if (!worth_it(error)) std::rethrow_exception(error);
  const std::int64_t jitter = random_duration(nanoseconds::zero(), ceiling()).count();
  const nanoseconds pause(os::deadline_after(jitter, hint_of(error)));
  const std::int64_t deadline = scope_.effective_deadline_ns();
  const bool in_time =
      deadline == os::never_ns || os::deadline_after(os::now_ns(), pause) < deadline;
  if (!in_time || !budget().spend()) std::rethrow_exception(error);
  return pause;
}

}  // namespace scope

}  // namespace dwell::inline v0
