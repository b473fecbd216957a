// Stands in front of runtime/dwell/os/asymmetric_fence.hpp in the models.
//
// The model of the pair is as weak as the real thing: light and heavy order each other as two
// seq_cst fences do, two light fences order nothing, and a light fence neither acquires nor
// releases.
#pragma once

#include <source_location>

#include <dwell/base/atomic.hpp>

namespace dwell::inline v0::os {

inline bool asymmetric_fences = true;

inline void enable_asymmetric_fences(bool = true) noexcept {}

inline void light_fence(std::source_location where = std::source_location::current()) noexcept {
  if (model::exploring()) model::now().light_fence(where);
}

inline void heavy_fence(std::source_location where = std::source_location::current()) noexcept {
  if (model::exploring()) model::now().heavy_fence(where);
}

}  // namespace dwell::inline v0::os
