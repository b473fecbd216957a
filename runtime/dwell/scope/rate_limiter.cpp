#include <algorithm>
#include <cmath>

#include <dwell/base/panic.hpp>
#include <dwell/os/clock.hpp>
#include <dwell/scope/rate_limiter.hpp>
#include <dwell/scope/timeout.hpp>

namespace dwell::inline v0 {

using std::chrono::nanoseconds;

namespace {

double rate_of(double amount, nanoseconds per, double burst) noexcept {
  if (!(amount > 0) || per <= nanoseconds::zero() || !(burst > 0))
    base::panic("rate_limiter",
                "the amount, the time and the burst must be more than zero; to let nobody through "
                "use limiter::set_capacity(0)");
  return amount / static_cast<double>(per.count());
}

void check_weight(double weight) noexcept {
  if (!(weight >= 0)) base::panic("rate_limiter", "a weight is negative or no number");
}

}  // namespace

rate_limiter::rate_limiter(double amount, nanoseconds per) : rate_limiter(amount, per, amount) {}
rate_limiter::rate_limiter(double amount, nanoseconds per, double burst)
    : per_ns_(rate_of(amount, per, burst)),
      burst_(burst),
      level_(burst),
      updated_ns_(os::now_ns()) {}
rate_limiter::~rate_limiter() = default;

double rate_limiter::level_at(std::int64_t now_ns) const noexcept {
  return std::min(burst_, level_ + per_ns_ * static_cast<double>(now_ns - updated_ns_));
}

nanoseconds rate_limiter::take(double weight) noexcept {
  const std::int64_t now = os::now_ns();
  const os::lock_guard guard(lock_);
  // Another thread may have brought it up to a later now.
  if (now > updated_ns_) {
    level_ = level_at(now);
    updated_ns_ = now;
  }
  const double missing = std::min(weight, burst_) - level_;
  if (missing > 0) {
    // A year is for ever, and keeps the number in its type.
    constexpr double longest = 365 * 86400e9;
    return nanoseconds(static_cast<std::int64_t>(std::min(longest, missing / per_ns_)) + 1);
  }
  level_ -= weight;
  ++acquired_;
  weight_ += weight;
  return nanoseconds::zero();
}

task<rate_limiter::reservation> rate_limiter::acquire(double weight) {
  check_weight(weight);
  const mutex::guard turn = co_await turn_.lock();
  for (;;) {
    const nanoseconds pause = take(weight);
    if (pause == nanoseconds::zero()) co_return reservation(*this, weight);
    auto sooner = move_on_after(pause, given_back_.wait());
    (void)co_await std::move(sooner);
  }
}

std::optional<rate_limiter::reservation> rate_limiter::try_acquire(double weight) {
  check_weight(weight);
  const std::optional<mutex::guard> turn = turn_.try_lock();
  if (!turn || take(weight) != nanoseconds::zero()) return std::nullopt;
  return reservation(*this, weight);
}

void rate_limiter::settle(double estimate, double actual) noexcept {
  check_weight(actual);
  {
    const os::lock_guard guard(lock_);
    level_ = std::min(burst_, level_ + estimate - actual);
    weight_ += actual - estimate;
  }
  // The first in line looks again.
  if (actual < estimate) given_back_.set();
}

rate_limiter_statistics rate_limiter::statistics() const noexcept {
  const std::size_t waiters = turn_.statistics().waiters;
  const std::int64_t now = os::now_ns();
  const os::lock_guard guard(lock_);
  return {level_at(std::max(now, updated_ns_)), waiters, acquired_, weight_};
}

}  // namespace dwell::inline v0
