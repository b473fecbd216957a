#include <ctime>

#include <dwell/os/clock.hpp>

namespace dwell::inline v0::os {

std::int64_t now_ns() noexcept {
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

}  // namespace dwell::inline v0::os
