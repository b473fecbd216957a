// The scheduler's knobs, as the engine's settings hand them down.
#pragma once

#include <cstdint>

namespace dwell::inline v0::scheduler {

struct tuning {
  /// Rounds over all queues that a searching worker makes before it sleeps.
  std::uint32_t spin = 8;
  /// Runs in a row from the LIFO slot while there is other work.
  std::uint32_t lifo_cap = 3;
  /// Polls between two looks at the injector; Go's and Tokio's number.
  std::uint32_t fairness_interval = 61;
  /// Pieces of work that one theft takes at most.
  std::uint32_t steal_width = 2048;
};

}  // namespace dwell::inline v0::scheduler
