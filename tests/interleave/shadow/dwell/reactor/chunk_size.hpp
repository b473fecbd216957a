// Stands in front of runtime/dwell/reactor/chunk_size.hpp in the models.
#pragma once

#include <cstdint>

namespace dwell::inline v0::reactor {

inline constexpr std::uint32_t cells_per_chunk = 1;
inline constexpr std::uint32_t most_chunks = 4;

}  // namespace dwell::inline v0::reactor
