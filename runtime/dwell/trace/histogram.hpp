// How often something took how long.
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include <dwell/trace/counters.hpp>

namespace dwell::inline v0::trace {

/// Durations by powers of two, from a microsecond to a second: as a counter, one writing thread at
/// a time and any reader.
class histogram {
 public:
  /// Bucket i counts what took less than `bound_ns(i)`, and not less than the one below; the last
  /// one has no bound.
  static constexpr std::size_t buckets = 22;
  static constexpr std::int64_t bound_ns(std::size_t bucket) noexcept {
    return std::int64_t{1} << (bucket + smallest_shift);
  }

  void add(std::int64_t ns) noexcept {
    const auto above = static_cast<std::uint64_t>(std::max<std::int64_t>(ns, 0)) >> smallest_shift;
    const auto bucket = static_cast<std::size_t>(std::bit_width(above));
    counts_[std::min(bucket, buckets - 1)].add();
    sum_ns_.add(ns);
  }

  [[nodiscard]] std::array<std::uint64_t, buckets> counts() const noexcept {
    std::array<std::uint64_t, buckets> seen;
    std::transform(counts_.begin(), counts_.end(), seen.begin(),
                   [](const counter& each) { return each.get(); });
    return seen;
  }
  [[nodiscard]] std::int64_t sum_ns() const noexcept { return sum_ns_.get(); }

 private:
  static constexpr int smallest_shift = 10;

  std::array<counter, buckets> counts_;
  balance sum_ns_;
};

}  // namespace dwell::inline v0::trace
