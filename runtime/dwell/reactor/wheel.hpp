// A hierarchical timing wheel: insert O(1), expire O(1) per timer and level, no rounding.
//
// Seven levels of 256 slots over ticks of 16.4 microseconds reach past the end of a 63-bit clock of
// nanoseconds (292 years), so no timer is ever out of range and no list is rescanned. The level of
// a timer is the highest byte in which its tick differs from the current one:
//
//   level 0   256 slots of 16.4 us          level 3   of 4.6 min
//   level 1   256 slots of 4.2 ms           level 4   of 19.5 h
//   level 2   256 slots of 1.1 s            level 5   of 208 days          level 6   of 146 years
//
// Ticks only sort: an entry keeps its deadline in nanoseconds, a slot the earliest of its entries,
// and next_deadline() is exact. When the wheel reaches a slot of a higher level, its entries move
// down.
//
// Slots are chains of arrays, not linked timers: moving and expiring reads and writes memory in
// order. An entry is a deadline and a 64-bit payload; the wheel knows nothing else. Cancelled
// timers stay until they expire or until remove_if() sweeps them out.
//
// The wheel never allocates while it works: it is lent blocks beforehand, one for each
// `entries_per_block` timers; the blocks that slots leave half empty (one each, always the first of
// its chain) come with the constructor.
//
// After Varghese and Lauck, "Hashed and Hierarchical Timing Wheels" (1987), scheme 6. Not
// thread-safe; no clock: time is what the caller says it is.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

namespace dwell::inline v0::reactor {

class wheel {
 public:
  struct entry {
    std::int64_t deadline_ns;
    std::uint64_t payload;
  };
  static constexpr std::size_t entries_per_block = 31;
  struct block {
    block* next;
    std::uint64_t count;
    entry entries[entries_per_block];
  };
  static_assert(sizeof(block) == 512);

  static constexpr std::size_t blocks_for(std::size_t timers) noexcept {
    return (timers + entries_per_block - 1) / entries_per_block;
  }

  /// A wheel whose time is `now_ns`, with room for no timer yet. Throws std::bad_alloc.
  explicit wheel(std::int64_t now_ns);

  /// Room for `count * entries_per_block` more timers. The blocks must outlive the wheel.
  void lend(block* blocks, std::size_t count) noexcept;

  /// A deadline in the past is due at the next expire(). Room must have been lent.
  void insert(entry e) noexcept;

  /// Moves time on to `now_ns` and gives every entry whose deadline is not after it to `sink`,
  /// which returns false to stop: the entry it refused and the rest stay due. Within one slot the
  /// order is not sorted. Returns false if it was stopped.
  template <class Sink>
  bool expire(std::int64_t now_ns, Sink&& sink);

  /// The earliest deadline, or INT64_MAX. Exact, but for entries that remove_if() took.
  [[nodiscard]] std::int64_t next_deadline() const noexcept;

  /// Drops the entries for which `dead(payload)` is true. Linear.
  template <class Predicate>
  void remove_if(Predicate&& dead);

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  static constexpr int tick_shift = 14;
  static constexpr int level_bits = 8;
  static constexpr std::uint64_t slots = 1U << level_bits;
  static constexpr int levels = 7;

  struct slot {
    block* first = nullptr;  // only the first may be less than full
    std::int64_t earliest_ns = INT64_MAX;
  };
  struct level {
    slot slots_[slots];
    std::uint64_t occupied[slots / 64] = {};
  };
  struct position {
    int level;
    std::uint64_t index;
    std::uint64_t tick;  // the first of the slot
  };

  static std::uint64_t tick_of(std::int64_t ns) noexcept {
    return static_cast<std::uint64_t>(ns < 0 ? 0 : ns) >> tick_shift;
  }

  [[nodiscard]] bool first_occupied(position& found) const noexcept;
  void append(slot& s, entry e) noexcept;
  [[nodiscard]] block* take_block() noexcept;
  void put(position at, entry e) noexcept;
  [[nodiscard]] position place_of(entry e) const noexcept;
  [[nodiscard]] block* detach(position at) noexcept;
  void give_back(block* b) noexcept;
  void cascade(position from) noexcept;
  template <class Sink>
  bool drain(position at, std::int64_t now_ns, Sink& sink);

  std::uint64_t now_tick_;
  std::size_t size_ = 0;
  std::unique_ptr<level[]> levels_;
  block* free_ = nullptr;
  std::unique_ptr<block[]> slack_;  // for the slots' half-empty blocks
  std::size_t slack_used_ = 0;
};

template <class Sink>
bool wheel::expire(std::int64_t now_ns, Sink&& sink) {
  const std::uint64_t target = tick_of(now_ns);
  for (position at{}; first_occupied(at) && at.tick <= target;) {
    if (at.tick > now_tick_) now_tick_ = at.tick;
    if (at.level > 0)
      cascade(at);
    else if (!drain(at, now_ns, sink))
      return false;
    else if (at.tick == target)
      return true;  // what drain() kept is due later in this tick
  }
  if (target > now_tick_) now_tick_ = target;
  return true;
}

// Gives the due entries of a level-0 slot to the sink and puts the others back.
template <class Sink>
bool wheel::drain(position at, std::int64_t now_ns, Sink& sink) {
  bool stopped = false;
  for (block* b = detach(at); b != nullptr;) {
    for (std::uint64_t i = 0; i < b->count; ++i) {
      const entry e = b->entries[i];
      stopped = stopped || (e.deadline_ns <= now_ns && !sink(e));
      if (stopped || e.deadline_ns > now_ns)
        put(at, e);
      else
        --size_;
    }
    block* const next = b->next;
    give_back(b);
    b = next;
  }
  return !stopped;
}

template <class Predicate>
void wheel::remove_if(Predicate&& dead) {
  for (int l = 0; l < levels; ++l) {
    for (std::uint64_t i = 0; i < slots; ++i) {
      for (block* b = detach({l, i, 0}); b != nullptr;) {
        for (std::uint64_t k = 0; k < b->count; ++k) {
          if (dead(b->entries[k].payload))
            --size_;
          else
            put({l, i, 0}, b->entries[k]);
        }
        block* const next = b->next;
        give_back(b);
        b = next;
      }
    }
  }
}

}  // namespace dwell::inline v0::reactor
