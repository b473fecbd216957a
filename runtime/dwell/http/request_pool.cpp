#include <utility>

#include <dwell/http/request_pool.hpp>
#include <dwell/os/clock.hpp>
#include <dwell/scope/timeout.hpp>

namespace dwell::inline v0::http {

namespace {

constexpr std::size_t most_named = 5;

std::string in_seconds(std::int64_t ns) {
  const std::string tenths = std::to_string(ns / 100'000'000);
  return (tenths.size() < 2 ? "0" : tenths.substr(0, tenths.size() - 1)) + "." + tenths.back() +
         " s";
}

}  // namespace

request_pool::request_pool(const client_options& options)
    : options_(options),
      limiter_(limiter_options{.capacity = options.requests, .per_key = options.per_origin}) {}

request_pool::place::place(request_pool& pool, limiter::slot slot, const wire_request& asked)
    : pool_(pool),
      slot_(std::move(slot)),
      name_(asked.name),
      origin_(asked.origin),
      since_ns_(os::now_ns()) {
  const os::lock_guard guard(pool_.lock_);
  next_ = std::exchange(pool_.first_, this);
  if (next_ != nullptr) next_->previous_ = this;
}

request_pool::place::~place() {
  const os::lock_guard guard(pool_.lock_);
  if (next_ != nullptr) next_->previous_ = previous_;
  (previous_ != nullptr ? previous_->next_ : pool_.first_) = next_;
}

void request_pool::place::set_exchange(std::shared_ptr<exchange> of) noexcept {
  const os::lock_guard guard(pool_.lock_);
  exchange_ = std::move(of);
}

task<std::unique_ptr<request_pool::place>> request_pool::enter(const wire_request& asked) {
  auto waiting = move_on_after(asked.times.pool, limiter_.acquire(asked.origin));
  std::optional<limiter::slot> slot = co_await std::move(waiting);
  if (!slot)
    throw request_error(delivery::nothing_sent, request_failure::pool_exhausted, exhausted(asked));
  co_return std::make_unique<place>(*this, *std::move(slot), asked);
}

std::string request_pool::exhausted(const wire_request& asked) const {
  const limiter_key_statistics here = limiter_.statistics(asked.origin);
  const limiter_statistics all = limiter_.statistics();
  std::string text = asked.name + ": nothing sent: no place in the pool within " +
                     in_seconds(asked.times.pool.count()) + ": " + std::to_string(here.in_flight) +
                     " of " + std::to_string(options_.per_origin) + " requests to " + asked.origin +
                     " and " + std::to_string(all.in_flight) + " of " +
                     std::to_string(options_.requests) + " to all go on, " +
                     std::to_string(here.waiters) + " wait";
  const bool by_origin = here.in_flight >= options_.per_origin;
  const std::int64_t now = os::now_ns();
  std::size_t named = 0;
  const os::lock_guard guard(lock_);
  for (const place* p = first_; p != nullptr && named < most_named; p = p->next_) {
    if (by_origin && p->origin_ != asked.origin) continue;
    text.append(named++ == 0 ? "; they are " : ", ").append(p->name_);
    text.append(" (").append(p->exchange_ == nullptr ? "resolving" : p->exchange_->doing());
    text.append(", ").append(in_seconds(now - p->since_ns_)).append(")");
  }
  return text;
}

}  // namespace dwell::inline v0::http
