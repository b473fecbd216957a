// rate_limiter: so much in a time, with a reserve for bursts: a token bucket, weighted.
//
// The bucket fills steadily up to `burst`; a request takes as many tokens as it weighs. What a
// request costs is often known only afterwards (the tokens of an answer): it reserves an estimate
// and settles it. The level may so become negative, and a debt is waited off by those who come.
//
// Who waits stands in the line of a mutex, and only the first in line looks at the bucket and
// sleeps; it has taken nothing before it goes on. So a cancelled wait has nothing to give back, the
// line is first come first served, and there is one timer however many wait.
//
// A request that weighs more than the bucket holds waits until it is full, and leaves a debt:
// refusing it would be a trap that opens with the first long prompt.
//
// Rejected: handing out points in time at once (the generic cell rate algorithm); those who sleep
// could not profit when somebody before them is cancelled or settles for less.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>

#include <dwell/base/export.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/sync/event.hpp>
#include <dwell/sync/mutex.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0 {

/// What rate_limiter::statistics() tells.
struct rate_limiter_statistics {
  /// What is in the bucket; less than nothing is a debt.
  double level = 0;
  /// How many requests stand in line behind the one that is next.
  std::size_t waiters = 0;
  /// How many requests were let through, and what they weighed as settled until now.
  std::uint64_t acquired = 0;
  double weight = 0;
};

/// Lets requests through at a rate. Any thread may try, settle and ask for statistics. It must
/// outlive its reservations and waits; destroyed before its waits it stops the program.
class DWELL_API rate_limiter {
 public:
  /// What a request took. Move-only. Dropping it keeps the estimate.
  class reservation {
   public:
    /// Of nothing.
    reservation() noexcept = default;
    reservation(reservation&& other) noexcept
        : from_(std::exchange(other.from_, nullptr)), weight_(other.weight_) {}
    reservation& operator=(reservation&& other) noexcept {
      from_ = std::exchange(other.from_, nullptr);
      weight_ = other.weight_;
      return *this;
    }
    ~reservation() = default;

    /// The estimate.
    [[nodiscard]] double weight() const noexcept { return weight_; }
    explicit operator bool() const noexcept { return from_ != nullptr; }

    /// Says what it really was: the rest goes back, or what is missing is taken, at once. The first
    /// call counts. Any thread; no await.
    void settle(double actual) noexcept {
      if (from_ != nullptr) std::exchange(from_, nullptr)->settle(weight_, actual);
    }

   private:
    friend class rate_limiter;
    reservation(rate_limiter& from, double weight) noexcept : from_(&from), weight_(weight) {}

    rate_limiter* from_ = nullptr;
    double weight_ = 0;
  };

  /// `amount` in each `per`, both more than zero. The bucket holds `amount`, and begins full.
  rate_limiter(double amount, std::chrono::nanoseconds per);
  /// The bucket holds `burst`.
  rate_limiter(double amount, std::chrono::nanoseconds per, double burst);
  rate_limiter(const rate_limiter&) = delete;
  rate_limiter& operator=(const rate_limiter&) = delete;
  ~rate_limiter();

  /// `co_await r.acquire(weight);` waits until the bucket holds that much, or is full, and all who
  /// came before have been served. Cancellable, without effect. Constant time. Throws
  /// std::bad_alloc.
  [[nodiscard]] task<reservation> acquire(double weight = 1);

  /// The same if it needs no waiting and overtakes nobody; empty otherwise.
  [[nodiscard]] std::optional<reservation> try_acquire(double weight = 1);

  /// Any thread. A picture of one moment.
  [[nodiscard]] rate_limiter_statistics statistics() const noexcept;

 private:
  void settle(double estimate, double actual) noexcept;
  // How long to wait before asking again; zero: taken.
  [[nodiscard]] std::chrono::nanoseconds take(double weight) noexcept;
  [[nodiscard]] double level_at(std::int64_t now_ns) const noexcept;

  const double per_ns_;
  const double burst_;
  mutex turn_;
  auto_reset_event given_back_;
  mutable os::lock lock_;
  double level_;  // this and what follows: under the lock
  std::int64_t updated_ns_;
  std::uint64_t acquired_ = 0;
  double weight_ = 0;
};

}  // namespace dwell::inline v0
