// What an exploration may be told. The defaults suit a model of two or three threads and some
// fifteen operations each.
#pragma once

#include <cstdint>

namespace model {

struct settings {
  const char* name = "model";
  /// Involuntary switches per execution in the exhaustive part.
  unsigned preemptions = 2;
  /// Executions after which the exhaustive part gives up; reaching it is a failure.
  std::uint64_t limit = 5'000'000;
  /// Random executions after the exhaustive part; no preemption bound.
  std::uint64_t random = 20'000;
  std::uint64_t seed = 1;
  /// Operations in one execution before it counts as endless.
  unsigned steps = 20'000;
  /// Reads without news and without a write in between that make a thread a spinning one.
  unsigned patience = 16;
  /// How often compare_exchange_weak may fail for no reason, and futex_wait return for none.
  unsigned spurious_failures = 1;
  unsigned spurious_wakes = 0;
  /// How often, in one execution of the exhaustive part, memory may do other than in the order of
  /// execution: a load that reads an older store, a store that goes in front of one.
  unsigned reorderings = ~0u;
  /// Stores may enter the modification order before stores that were executed earlier.
  bool reorder_stores = true;
  /// light_fence and heavy_fence are plain seq_cst fences, as where the kernel refuses membarrier.
  bool symmetric_fences = false;
  /// Heap blocks alive at the end of an execution are a failure.
  bool find_leaks = true;
};

}  // namespace model
