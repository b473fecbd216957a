// The clock of people and protocols. The runtime itself runs by the monotonic one (clock.hpp).
#pragma once

#include <chrono>

#include <dwell/base/export.hpp>

namespace dwell::inline v0::os {

/// The time of day, which jumps when somebody sets it. In a simulation the virtual time, as if 1970
/// had begun at its zero, so that each run of a seed tells the same.
[[nodiscard]] DWELL_API std::chrono::sys_seconds wall_now() noexcept;

}  // namespace dwell::inline v0::os
