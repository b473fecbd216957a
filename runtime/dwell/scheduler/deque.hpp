// A worker's own queue: it pushes and pops at the bottom without an atomic read-modify-write, other
// workers steal several items at once from the top.
//
//        top ─▶ [oldest ........................ newest] ◀─ bottom
//        thieves take from here            owner pushes and pops here
//
// The array is Chase and Lev's: circular, grown by the owner. The hand-over is that of Cilk's THE
// protocol (Frigo, Leiserson, Randall 1998) rather than their compare-exchange on `top`: a thief,
// alone by the lock, first moves `top` over the items it wants, then fences, then looks whether the
// owner had come as far down; the owner first moves `bottom`, then fences, then looks at `top`. At
// least one of the two sees the other. The owner backs off into the lock, a thief gives back.
//
// Why not compare-exchange: with asymmetric fences a steal costs a system call and interrupts the
// owner, so it must be able to bring home more than one item, and a compare-exchange on `top` can
// not claim a range that the owner may be popping into.
//
// Indices only grow, one for each item, and are compared as they are: at 64 bits the last one is
// centuries away. With 32 a busy worker would wrap within a minute, and every comparison would have
// to be one of distances.
//
// Invariants:
//  1. `bottom` is written by the owner only; `top` under the lock only.
//  2. Items in [top, bottom) are in the deque. While a thief decides, `top` may be ahead of what it
//     takes by `steal_width::most` at most; hence the margin that reserve() keeps between the
//     newest and the oldest item, and hence pop() may find nothing although something comes back.
//  3. Before a worker sleeps it must ask empty(), which takes the lock, not looks_empty().
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>

#include <dwell/base/atomic.hpp>
#include <dwell/base/cache_line.hpp>
#include <dwell/base/panic.hpp>
#include <dwell/os/asymmetric_fence.hpp>
#include <dwell/os/lock.hpp>

namespace dwell::inline v0::scheduler {

/// What a thief takes: `most` bounds one steal; below `small` items it takes a single one, for the
/// oldest of a few is likely a large subtree.
struct steal_width {
  std::int64_t most = 2048;
  std::int64_t small = 64;
};

class deque {
 public:
  using item = std::uintptr_t;  // never zero

  /// `capacity` is a power of two above `width.most`. `first` is the index of the first item: a
  /// test says it, to be where others come after days.
  explicit deque(std::size_t capacity, steal_width width = {}, std::int64_t first = 0)
      : width_(width),
        bottom_(first),
        top_seen_(first),
        slots_(std::make_unique<base::atomic<item>[]>(capacity)),
        mask_(static_cast<std::int64_t>(capacity) - 1),
        top_(first) {
    DWELL_ASSERT((capacity & (capacity - 1)) == 0, "a circular array wraps by masking");
    DWELL_ASSERT(usable() > 0, "the array holds more than the margin for a deciding thief");
  }
  deque(const deque&) = delete;
  deque& operator=(const deque&) = delete;

  // ---- The owner ----

  /// Makes room for `count` pushes. Throws std::bad_alloc with nothing changed.
  void reserve(std::int64_t count) {
    // relaxed: only the owner writes it.
    const std::int64_t b = bottom_.load(base::relaxed);
    if (b + count - top_seen_ <= usable()) [[likely]]
      return;
    // acquire: pairs with the release in steal(); slots below `top - most` have been read.
    top_seen_ = top_.load(base::acquire);
    if (b + count - top_seen_ > usable()) grow(b + count - top_seen_);
  }

  /// Appends; room must have been reserved. Others see it after this and the caller's fence.
  void push_reserved(item i) noexcept {
    const std::int64_t b = bottom_.load(base::relaxed);  // relaxed: only the owner writes it
    slot(b).store(i, base::relaxed);                     // relaxed: published by bottom_
    // release: pairs with the acquire of bottom_ in steal(); publishes the slot and what it names.
    bottom_.store(b + 1, base::release);
  }

  /// Appends `count` items, the i-th is `item_at(i)`, which touches no deque. One store publishes
  /// them all.
  template <class ItemAt>
  void push_reserved(std::uint32_t count, ItemAt item_at) noexcept {
    const std::int64_t b = bottom_.load(base::relaxed);  // relaxed: only the owner writes it
    // Copied: to the compiler `item_at` may write anywhere.
    base::atomic<item>* const slots = slots_.get();
    const std::int64_t mask = mask_;
    for (std::uint32_t i = 0; i < count; ++i) {
      // relaxed: published by bottom_
      slots[static_cast<std::size_t>((b + i) & mask)].store(item_at(i), base::relaxed);
    }
    bottom_.store(b + count, base::release);  // release: as for one
  }

  void push(item i) {
    reserve(1);
    push_reserved(i);
  }

  /// The newest item, or 0: empty, or a thief is just deciding over the last ones.
  [[nodiscard]] item pop() noexcept {
    const std::int64_t b = bottom_.load(base::relaxed) - 1;  // relaxed: only the owner writes it
    // relaxed: a first look, to leave an empty deque alone.
    if (top_.load(base::relaxed) > b) return 0;
    // release, like every store of bottom_: a thief that reads this value instead of the push's
    // must still see the items below it, and a relaxed store would end the push's release sequence.
    bottom_.store(b, base::release);
    // Pairs with the heavy fence in steal(): this load sees the thief's top, or it sees our bottom.
    os::light_fence();
    // relaxed: a thief's claim is all we need to see, not what it did with it.
    if (top_.load(base::relaxed) <= b) [[likely]]
      return slot(b).load(base::relaxed);  // relaxed: our own store
    bottom_.store(b + 1, base::release);   // release: as above
    return pop_locked(&deque::take_newest);
  }

  /// The oldest item, or 0: what the owner takes now and then so that old work does not starve.
  [[nodiscard]] item pop_oldest() noexcept {
    return looks_empty() ? 0 : pop_locked(&deque::take_oldest);
  }

  // ---- Anyone ----

  /// A hint.
  [[nodiscard]] bool looks_empty() const noexcept { return size_hint() <= 0; }
  [[nodiscard]] std::int64_t size_hint() const noexcept {
    return bottom_.load(base::relaxed) - top_.load(base::relaxed);  // relaxed: a hint
  }

  /// Exact towards every push that was fenced before the caller's fence.
  [[nodiscard]] bool empty() noexcept {
    const os::lock_guard alone(lock_);
    return looks_empty();
  }

  /// Moves up to half of the items, `steal_width::most` and `limit` at most, to `loot`, oldest
  /// first. Returns how many; 0 also when another thief is at it.
  [[nodiscard]] std::int64_t steal(item* loot, std::int64_t limit = INT64_MAX) noexcept {
    if (looks_empty() || !lock_.try_lock()) return 0;
    const std::int64_t taken = steal_locked(loot, limit);
    lock_.release();
    return taken;
  }

 private:
  [[nodiscard]] std::int64_t steal_locked(item* loot, std::int64_t limit) noexcept {
    const std::int64_t t = top_.load(base::relaxed);  // relaxed: written under this lock only
    // relaxed: a hint
    std::int64_t count = std::min(limit, share_of(bottom_.load(base::relaxed) - t));
    if (count == 0) return 0;
    // release: pairs with the acquire in reserve(); the reads of the steal before this one are
    // done.
    top_.store(t + count, base::release);
    // Pairs with the light fence in pop().
    os::heavy_fence();
    // acquire: pairs with the release in push_reserved(); publishes the slots.
    const std::int64_t left = bottom_.load(base::acquire) - t;
    if (left < count) {
      count = left > 0 ? left : 0;
      // release: as above.
      top_.store(t + count, base::release);
    }
    for (std::int64_t i = 0; i < count; ++i)
      loot[i] = slot(t + i).load(base::relaxed);  // relaxed: published by bottom_
    return count;
  }

  [[nodiscard]] std::int64_t share_of(std::int64_t size) const noexcept {
    if (size <= 0) return 0;
    if (size < width_.small) return 1;
    return size / 2 < width_.most ? size / 2 : width_.most;
  }

  // Out of line: pop() is inlined into the end of every child.
  [[gnu::noinline]] item pop_locked(item (deque::*take)() noexcept) noexcept {
    // A thief that holds the lock may be off its processor; the owner has other things to do.
    if (!lock_.try_lock()) return 0;
    const item i = (this->*take)();
    lock_.release();
    return i;
  }
  item take_newest() noexcept {
    // relaxed, here and below: no thief is active, and the lock's acquire showed its last top.
    const std::int64_t b = bottom_.load(base::relaxed) - 1;
    if (top_.load(base::relaxed) > b) return 0;
    bottom_.store(b, base::release);  // release: as in pop()
    return slot(b).load(base::relaxed);
  }
  item take_oldest() noexcept {
    const std::int64_t t = top_.load(base::relaxed);
    if (t >= bottom_.load(base::relaxed)) return 0;
    top_.store(t + 1, base::relaxed);
    return slot(t).load(base::relaxed);
  }

  [[nodiscard]] std::int64_t usable() const noexcept { return mask_ + 1 - width_.most; }
  [[nodiscard]] base::atomic<item>& slot(std::int64_t index) noexcept {
    return slots_[static_cast<std::size_t>(index & mask_)];
  }

  void grow(std::int64_t wanted) {
    std::int64_t capacity = 2 * (mask_ + 1);
    while (capacity - width_.most < wanted) capacity *= 2;
    auto larger = std::make_unique<base::atomic<item>[]>(static_cast<std::size_t>(capacity));
    // Under the lock no thief reads the old array, so it can go at once: nothing to retire.
    const os::lock_guard alone(lock_);
    const std::int64_t b = bottom_.load(base::relaxed);  // relaxed: only the owner writes it
    for (std::int64_t i = top_.load(base::relaxed); i < b; ++i)  // relaxed: under the lock
      larger[static_cast<std::size_t>(i & (capacity - 1))].store(slot(i).load(base::relaxed),
                                                                 base::relaxed);
    slots_ = std::move(larger);
    mask_ = capacity - 1;
  }

  const steal_width width_;
  // Owner's line.
  alignas(base::cache_line) base::atomic<std::int64_t> bottom_;
  std::int64_t top_seen_;  // some earlier top, so that pushes need not read top
  // Read by everybody, written by the owner under the lock.
  std::unique_ptr<base::atomic<item>[]> slots_;
  std::int64_t mask_;
  // Thieves' line.
  alignas(base::cache_line) base::atomic<std::int64_t> top_;
  os::lock lock_;
};

}  // namespace dwell::inline v0::scheduler
