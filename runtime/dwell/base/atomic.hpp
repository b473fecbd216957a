// Atomics by one door, so that the interleaving models (tests/interleave) can put a
// memory-modelling implementation with the same names in front of this file and compile the
// production sources unchanged.
#pragma once

#include <atomic>

#if defined(__SANITIZE_THREAD__)
#define DWELL_TSAN 1
#elif defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define DWELL_TSAN 1
#endif
#endif

namespace dwell::inline v0::base {

template <class T>
using atomic = std::atomic<T>;
template <class T>
using atomic_ref = std::atomic_ref<T>;

inline constexpr auto relaxed = std::memory_order_relaxed;
inline constexpr auto acquire = std::memory_order_acquire;
inline constexpr auto release = std::memory_order_release;
inline constexpr auto acq_rel = std::memory_order_acq_rel;
inline constexpr auto seq_cst = std::memory_order_seq_cst;

#ifdef DWELL_TSAN
// ThreadSanitizer does not see fences: it would report every publication that relies on one. A
// read-modify-write of one shared word orders at least as much, so under TSan it stands in; what
// the fences themselves are worth is checked by the models, which know them.
inline std::atomic<unsigned> tsan_fence_word{0};
inline void fence(std::memory_order) noexcept {
  tsan_fence_word.fetch_add(1, std::memory_order_seq_cst);
}
#else
inline void fence(std::memory_order order) noexcept { std::atomic_thread_fence(order); }
#endif

/// Tells the processor that this is a spin loop.
inline void cpu_pause() noexcept {
#if defined(__x86_64__) || defined(__i386__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace dwell::inline v0::base
