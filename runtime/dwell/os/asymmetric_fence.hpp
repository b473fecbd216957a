// A store-load fence split into a cheap half and a dear half.
//
// The store-load ("Dekker") fence is the one expensive instruction of a work-stealing fast path:
// the owner of a deque needs it on every pop and every "is anyone asleep?". Its partners (a thief,
// a worker about to sleep) run a thousand times less often. So the frequent side executes only a
// compiler barrier (light_fence) and the rare side makes the kernel run a full barrier on every
// processor that runs a thread of this process (heavy_fence, membarrier(2) PRIVATE_EXPEDITED).
// A light and a heavy fence order each other as two seq_cst fences do; two light fences order
// nothing, and neither does a light fence alone.
//
// Where the kernel refuses membarrier (old kernels, seccomp) both halves are seq_cst fences.
// Source: Dice, Huang, Yang, "Asymmetric Dekker Synchronization" (2001);
// folly::asymmetricLightBarrier.
#pragma once

#include <dwell/base/atomic.hpp>
#include <dwell/base/export.hpp>

namespace dwell::inline v0::os {

/// Whether membarrier(2) is registered. Read relaxed: it is set before the first worker exists, and
/// never changes while one does.
extern DWELL_API base::atomic<bool> asymmetric_fences;

/// Registers this process for asymmetric fences. Call before threads that use them exist;
/// idempotent and thread-safe. `allow = false` keeps the symmetric fallback (tests use it).
DWELL_API void enable_asymmetric_fences(bool allow = true) noexcept;

/// The frequent side: orders this thread's earlier stores before its later loads, towards any
/// thread that executes heavy_fence().
inline void light_fence() noexcept {
#ifdef DWELL_TSAN
  base::fence(base::seq_cst);
#else
  if (asymmetric_fences.load(base::relaxed)) [[likely]]
    std::atomic_signal_fence(std::memory_order_seq_cst);
  else
    base::fence(base::seq_cst);
#endif
}

/// The rare side: a system call, 0.2 microseconds alone, tens where it interrupts virtual cores.
DWELL_API void heavy_fence() noexcept;

}  // namespace dwell::inline v0::os
