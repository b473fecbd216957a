// How many timer cells a shard allocates at a time, and how often. Apart, so that the models can
// put smaller numbers in front.
#pragma once

#include <cstdint>

namespace dwell::inline v0::reactor {

inline constexpr std::uint32_t cells_per_chunk = 4096;
inline constexpr std::uint32_t most_chunks = 1U << 15;  // 134 million timers a worker

}  // namespace dwell::inline v0::reactor
