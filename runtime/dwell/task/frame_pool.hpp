// Memory for coroutine frames: size-class free lists per thread, a depot between threads.
//
//   allocate ──▶ this thread's list of the class ──empty──▶ a batch from the depot ──empty──▶ carve
//   free     ──▶ this thread's list of the class ──full───▶ a batch to the depot
//
// A frame is freed into the list of the thread that frees it, whichever thread made it: no header,
// no owner to look up, no atomic operation. What drifts from one thread to another comes back in
// batches through the depot, one lock for each `batch_frames` of them. A thread that ends leaves
// its lists to the depot; frames that are freed even later (from a thread_local destructor) go
// there directly.
//
// The classes step by 16 bytes, so that a frame wastes 15 at most; frames above `largest` come from
// operator new. Chunks are never given back before the process ends: a program that once held a
// hundred thousand waits is expected to do so again.
//
// Rejected: returning each frame to the thread that made it (a shared list per thread, written by
// all the others), and slabs with an owner in their head (64 KiB alignment, and the lookup touches
// a line that the frame does not need).
//
// Under AddressSanitizer and ThreadSanitizer every frame comes from operator new, or the pool would
// hide from them what they look for.
#pragma once

#include <cstddef>
#include <cstdint>

#include <dwell/base/atomic.hpp>
#include <dwell/base/export.hpp>
#include <dwell/trace/counters.hpp>

namespace dwell::inline v0::core {

inline constexpr std::size_t frame_class_step = 16;
inline constexpr std::size_t largest_pooled_frame = 1024;
inline constexpr std::size_t frame_classes = largest_pooled_frame / frame_class_step + 1;

struct free_frame {
  free_frame* next;
};

/// A thread's free lists. Touched by that thread only; `live` is read by others.
struct frame_cache {
  constexpr frame_cache() = default;
  constexpr explicit frame_cache(std::uint32_t count) {
    for (std::uint32_t& each : counts) each = count;
  }

  free_frame* lists[frame_classes] = {};
  std::uint32_t counts[frame_classes] = {};
  /// Frames this thread made minus frames it freed: negative where it frees what others made.
  trace::balance live;
  /// The rest of the chunk that new frames are carved from.
  char* bump = nullptr;
  char* bump_end = nullptr;
};

/// Stands for the lists of a thread that has none. Nothing can be taken from it and nothing fits in
/// any more, so that the fast paths need not ask, and never write to it.
extern DWELL_API constinit frame_cache no_frame_cache;

/// The calling thread's lists; none until its first frame and after its thread_locals are gone.
extern DWELL_API constinit thread_local frame_cache* current_frame_cache
    __attribute__((tls_model("initial-exec")));

/// Free frames of one class that a thread keeps before it hands a batch to the depot. Read relaxed:
/// a limit, and any value of it will do.
extern DWELL_API base::atomic<std::uint32_t> frame_cache_limit;

[[nodiscard]] DWELL_API void* allocate_frame_slow(std::size_t bytes);
DWELL_API void free_frame_slow(void* frame, std::size_t bytes) noexcept;

// The smallest class is two steps: a free frame must hold the head of a batch (frame_depot.hpp).
constexpr std::size_t frame_class(std::size_t bytes) noexcept {
  const std::size_t steps = (bytes + frame_class_step - 1) / frame_class_step;
  return steps < 2 ? 2 : steps;
}

#if defined(__SANITIZE_ADDRESS__) || defined(DWELL_TSAN)
#define DWELL_SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define DWELL_SANITIZED 1
#endif
#endif

/// Memory for a frame of `bytes`, aligned to 16. Throws std::bad_alloc.
[[nodiscard]] inline void* allocate_frame(std::size_t bytes) {
#ifndef DWELL_SANITIZED
  if (bytes <= largest_pooled_frame) {
    frame_cache* const cache = current_frame_cache;
    const std::size_t cls = frame_class(bytes);
    if (free_frame* const frame = cache->lists[cls]) {
      cache->lists[cls] = frame->next;
      --cache->counts[cls];
      cache->live.add(+1);
      return frame;
    }
  }
#endif
  return allocate_frame_slow(bytes);
}

/// Gives back what allocate_frame(bytes) returned, on any thread.
inline void deallocate_frame(void* memory, std::size_t bytes) noexcept {
#ifndef DWELL_SANITIZED
  if (bytes <= largest_pooled_frame) {
    frame_cache* const cache = current_frame_cache;
    const std::size_t cls = frame_class(bytes);
    if (cache->counts[cls] < frame_cache_limit.load(base::relaxed)) {
      auto* const frame = static_cast<free_frame*>(memory);
      frame->next = cache->lists[cls];
      cache->lists[cls] = frame;
      ++cache->counts[cls];
      cache->live.add(-1);
      return;
    }
  }
#endif
  free_frame_slow(memory, bytes);
}

/// Frames in existence, over all threads. Exact when nothing runs; takes a lock.
[[nodiscard]] DWELL_API std::int64_t live_frames() noexcept;

}  // namespace dwell::inline v0::core
