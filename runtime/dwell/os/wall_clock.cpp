#include <dwell/os/stand_in.hpp>
#include <dwell/os/wall_clock.hpp>

namespace dwell::inline v0::os {

std::chrono::sys_seconds wall_now() noexcept {
  using std::chrono::floor;
  using std::chrono::nanoseconds;
  using std::chrono::seconds;
  if (current_stand_in != nullptr)
    return std::chrono::sys_seconds(floor<seconds>(nanoseconds(current_stand_in->now_ns())));
  return floor<seconds>(std::chrono::system_clock::now());
}

}  // namespace dwell::inline v0::os
