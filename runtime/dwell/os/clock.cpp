#include <ctime>

#include <dwell/os/clock.hpp>
#include <dwell/os/stand_in.hpp>

namespace dwell::inline v0::os {

std::int64_t now_ns() noexcept {
  if (current_stand_in != nullptr) [[unlikely]]
    return current_stand_in->now_ns();
  timespec t{};
  clock_gettime(CLOCK_MONOTONIC, &t);
  return std::int64_t{t.tv_sec} * 1'000'000'000 + t.tv_nsec;
}

}  // namespace dwell::inline v0::os
