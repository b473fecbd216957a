// Where randomness enters. Everything random in the runtime starts from one of these seeds, so a
// simulated world can hand out its own.
#pragma once

#include <cstdint>

#include <dwell/base/export.hpp>

namespace dwell::inline v0::os {

/// 64 bits from the kernel's generator.
DWELL_API std::uint64_t entropy() noexcept;

}  // namespace dwell::inline v0::os
