// The time and the chance of one simulated run: both come from its seed alone.
//
// Time stands still while anything is ready, and is set by the world when nothing is. It begins an
// hour after zero, so that there are times before the start.
#pragma once

#include <algorithm>
#include <cstdint>

#include <dwell/os/stand_in.hpp>

namespace dwell::inline v0::sim {

class source final : public os::stand_in {
 public:
  static constexpr std::int64_t start_ns = 3'600'000'000'000;

  explicit source(std::uint64_t seed) noexcept : state_(seed) {}

  [[nodiscard]] std::int64_t now_ns() noexcept override { return now_ns_; }
  /// Never backwards.
  void advance_to(std::int64_t time_ns) noexcept { now_ns_ = std::max(now_ns_, time_ns); }

  // splitmix64 (Steele, Lea, Flood 2014): neighbouring seeds give unrelated runs.
  [[nodiscard]] std::uint64_t entropy() noexcept override {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15);
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
    z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
    return z ^ (z >> 31);
  }
  /// Less than `bound`, which is more than 0.
  [[nodiscard]] std::uint64_t below(std::uint64_t bound) noexcept { return entropy() % bound; }
  /// A time from now until `longest_ns` later.
  [[nodiscard]] std::int64_t soon(std::int64_t longest_ns) noexcept {
    return now_ns_ + static_cast<std::int64_t>(below(
                         static_cast<std::uint64_t>(std::max<std::int64_t>(0, longest_ns)) + 1));
  }

 private:
  std::uint64_t state_;
  std::int64_t now_ns_ = start_ns;
};

}  // namespace dwell::inline v0::sim
