// Counters without a lock, for any reader: those of one writer cost him a plain add.
#pragma once

#include <cstdint>

#include <dwell/base/atomic.hpp>

namespace dwell::inline v0::trace {

/// A count with one writing thread.
class counter {
 public:
  void add(std::uint64_t n = 1) noexcept {
    // relaxed: readers add up counters of several threads and expect no order between them.
    value_.store(value_.load(base::relaxed) + n, base::relaxed);
  }
  [[nodiscard]] std::uint64_t get() const noexcept {
    return value_.load(base::relaxed);  // relaxed: as above
  }

 private:
  base::atomic<std::uint64_t> value_{0};
};

/// A count that any thread adds to: an exchange of a cache line where a counter is a plain add.
class shared_counter {
 public:
  void add(std::uint64_t n = 1) noexcept {
    value_.fetch_add(n, base::relaxed);  // relaxed: nothing is concluded from it
  }
  [[nodiscard]] std::uint64_t get() const noexcept {
    return value_.load(base::relaxed);  // relaxed: as above
  }

 private:
  base::atomic<std::uint64_t> value_{0};
};

/// Ups and downs with one writing thread, negative where the downs happen elsewhere.
class balance {
 public:
  void add(std::int64_t change) noexcept {
    value_.store(value_.load(base::relaxed) + change, base::relaxed);  // relaxed: as in counter
  }
  [[nodiscard]] std::int64_t get() const noexcept {
    return value_.load(base::relaxed);  // relaxed: as in counter
  }

 private:
  base::atomic<std::int64_t> value_{0};
};

/// What one worker did. Read at any time; the fields are not a consistent cut.
struct worker_counters {
  counter polls;      // times the loop resumed a chain
  counter steals;     // successful steals
  counter stolen;     // pieces of work they brought
  counter lifo_runs;  // chains run from the LIFO slot
  counter injected;   // pieces of work taken from the injector
  counter parks;      // times it went to sleep
  counter wakeups;    // sleeping workers that it woke
};

}  // namespace dwell::inline v0::trace
