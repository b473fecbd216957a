// How long a client may keep us waiting. Not installed.
//
// A limit for the next bytes alone lets a client send or take one byte each time it is about to be
// met, and hold a connection for years. A limit for all bytes would cut off who is slow and honest.
// So waiting uses up the limit, and each byte gives some of it back: a client has to keep to a rate
// or be dropped, and can stop for no longer than the limit, however fast it was before.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include <dwell/os/clock.hpp>

namespace dwell::inline v0::http {

/// What one direction of a connection has used up of its limit. One task at a time.
class pace {
 public:
  /// `limit`: the longest wait; `rate`: bytes that give back a second, 0: each byte gives back all.
  pace(std::chrono::nanoseconds limit, std::size_t rate) noexcept : limit_(limit), rate_(rate) {}

  /// A wait for bytes begins; how long it may be.
  [[nodiscard]] std::chrono::nanoseconds begin() noexcept {
    begun_ns_ = os::now_ns();
    return limit_ - used_;
  }

  /// It has ended with `count` bytes.
  void end(std::size_t count) noexcept {
    const std::chrono::nanoseconds waited(os::now_ns() - begun_ns_);
    used_ = rate_ == 0 ? used_.zero() : std::max(used_ + waited - worth(count), used_.zero());
  }

 private:
  [[nodiscard]] std::chrono::nanoseconds worth(std::size_t count) const noexcept {
    constexpr std::uint64_t most = std::uint64_t{1} << 32;  // so that the product fits
    constexpr std::uint64_t second = std::nano::den;
    const std::uint64_t ns = std::min<std::uint64_t>(count, most) * second / rate_;
    return std::chrono::nanoseconds(static_cast<std::chrono::nanoseconds::rep>(ns));
  }

  const std::chrono::nanoseconds limit_;
  const std::size_t rate_;
  std::int64_t begun_ns_ = 0;
  std::chrono::nanoseconds used_{0};
};

}  // namespace dwell::inline v0::http
