// A value that knows how many of its kind are alive.
#pragma once

#include <atomic>
#include <utility>

namespace dwell_test {

/// Move-only; a moved-from one still counts as alive, and holds -1.
class tracked {
 public:
  explicit tracked(int value) noexcept : value_(value) { ++alive_; }
  tracked(tracked&& other) noexcept : value_(std::exchange(other.value_, -1)) { ++alive_; }
  tracked& operator=(tracked&& other) noexcept {
    value_ = std::exchange(other.value_, -1);
    return *this;
  }
  ~tracked() { --alive_; }

  [[nodiscard]] int value() const noexcept { return value_; }
  [[nodiscard]] static int alive() noexcept { return alive_; }

 private:
  inline static std::atomic<int> alive_{0};
  int value_;
};

}  // namespace dwell_test
