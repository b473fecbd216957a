#include <cstdint>

#include <dwell/base/panic.hpp>
#include <dwell/os/entropy.hpp>
#include <dwell/os/stand_in.hpp>
#include <dwell/scope/random.hpp>

namespace dwell::inline v0 {

namespace {

// splitmix64 (Steele, Lea, Flood 2014): one word of state, any seed will do.
std::uint64_t next_random() noexcept {
  // A simulated run must not go on where the last one on this thread left off.
  if (os::current_stand_in != nullptr) [[unlikely]]
    return os::entropy();
  static thread_local std::uint64_t state = os::entropy();
  std::uint64_t z = (state += 0x9e3779b97f4a7c15);
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

}  // namespace

std::chrono::nanoseconds random_duration(std::chrono::nanoseconds lo,
                                         std::chrono::nanoseconds hi) noexcept {
  if (hi < lo) base::panic("random_duration(lo, hi)", "hi is less than lo; swap the arguments");
  // Unsigned: the difference of two durations may be more than a duration holds.
  const auto least = static_cast<std::uint64_t>(lo.count());
  const std::uint64_t span = static_cast<std::uint64_t>(hi.count()) - least;
  const std::uint64_t offset = span == UINT64_MAX ? next_random() : next_random() % (span + 1);
  return std::chrono::nanoseconds(static_cast<std::int64_t>(least + offset));
}

}  // namespace dwell::inline v0
