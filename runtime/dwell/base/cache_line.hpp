// The distance that keeps two writers from sharing a cache line.
#pragma once

#include <cstddef>

namespace dwell::inline v0::base {

// A constant of our own: std::hardware_destructive_interference_size changes with -mtune, so two
// translation units could disagree about a layout.
inline constexpr std::size_t cache_line = 64;

}  // namespace dwell::inline v0::base
