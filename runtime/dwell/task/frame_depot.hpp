// Where threads leave batches of free frames for each other: see frame_pool.hpp.
#pragma once

#include <cstddef>
#include <cstdint>

#include <dwell/base/atomic.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/task/frame_pool.hpp>

namespace dwell::inline v0::core {

/// Batches of free frames of one class. A batch is a list whose first frame also links the batches,
/// so the depot needs no memory of its own.
class frame_shelf {
 public:
  struct batch {
    free_frame* first = nullptr;
    std::uint32_t count = 0;
  };

  void put(batch b) noexcept {
    const os::lock_guard guard(lock_);
    auto* const head = reinterpret_cast<batch_head*>(b.first);
    head->next_batch = top_.load(base::relaxed);
    head->count = b.count;
    top_.store(head, base::relaxed);
  }

  /// An empty batch when there is none, as far as the caller knows.
  [[nodiscard]] batch take() noexcept {
    // While a program grows every new frame asks in vain: that must not cost the lock.
    if (top_.load(base::relaxed) == nullptr) return {};
    const os::lock_guard guard(lock_);
    batch_head* const head = top_.load(base::relaxed);
    if (head == nullptr) return {};
    top_.store(head->next_batch, base::relaxed);
    return {&head->frame, head->count};
  }

 private:
  struct batch_head {
    free_frame frame;
    batch_head* next_batch;
    std::uint32_t count;
  };
  static_assert(sizeof(batch_head) <= 32, "the smallest frame of a coroutine holds a batch head");

  os::lock lock_;
  // Written under the lock. relaxed, everywhere: the lock orders what lies there, and a look
  // without it follows no pointer.
  base::atomic<batch_head*> top_{nullptr};
};

}  // namespace dwell::inline v0::core
