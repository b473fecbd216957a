// One worker's door into the reactor: the cells of its timers and the inbox through which they go.
//
//   worker: take a cell ─▶ fill ─▶ inbox ──▶ reactor: wheel ... fire or sweep ─▶ returned ─▶ worker
//
// A cell stands between a sleeping chain and the wheel: the wheel names cells, never frames, so a
// cancelled sleeper may be gone long before its wheel entry is. Cells are type-stable (their memory
// stays until the reactor ends) and only the reactor frees them, so an entry never names a reused
// cell. A canceller may: it can hold the cell of a timer that has fired. Hence the generation.
//
//   cell word:   generation << 2 | free · armed · fired · cancelled
//        arm() by the worker      free(g) ─▶ armed(g+1)
//        fire() by the reactor              armed ─▶ fired      ┐ one compare-exchange decides;
//        cancel(g) by anyone                armed ─▶ cancelled  ┘ both: the reactor frees it later
//
// One worker arms, so the inbox has one producer and the free list needs no synchronisation.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include <dwell/base/atomic.hpp>
#include <dwell/base/cache_line.hpp>
#include <dwell/reactor/chunk_size.hpp>
#include <dwell/reactor/wheel.hpp>
#include <dwell/task/frame_header.hpp>
#include <dwell/trace/counters.hpp>

namespace dwell::inline v0::reactor {

/// What a sleeper keeps to call its timer off.
struct timer_ticket {
  std::uint32_t cell;
  std::uint32_t generation;
};

class timer_cell {
 public:
  /// Worker: fills a free cell. Published by the inbox.
  std::uint32_t arm(core::frame_header& root, std::int64_t deadline_ns) noexcept {
    root_ = &root;
    deadline_ns_ = deadline_ns;
    // relaxed: between uses only this worker touches the cell's word, but for cancellers with an
    // old generation, whom any value of it refuses.
    const std::uint32_t generation = (word_.load(base::relaxed) >> 2) + 1;
    word_.store(generation << 2 | armed, base::relaxed);
    return generation & (~std::uint32_t{0} >> 2);
  }

  /// Reactor: the deadline has come. Returns the root to wake, or null if it was cancelled.
  [[nodiscard]] core::frame_header* fire() noexcept {
    std::uint32_t seen = word_.load(base::relaxed);  // relaxed: a guess for the exchange
    // relaxed: the cell's fields came with the inbox; who wins is a matter of this one word, and
    // the wake travels with the batch.
    if ((seen & 3) == armed &&
        word_.compare_exchange_strong(seen, seen - armed + fired, base::relaxed, base::relaxed))
      return root_;
    return nullptr;
  }

  /// Anyone who pins the sleeper: true if the timer will never wake it.
  [[nodiscard]] bool cancel(std::uint32_t generation) noexcept {
    std::uint32_t expected = generation << 2 | armed;
    // relaxed: as in fire().
    return word_.compare_exchange_strong(expected, generation << 2 | cancelled, base::relaxed,
                                         base::relaxed);
  }

  [[nodiscard]] bool was_cancelled() const noexcept {
    return (word_.load(base::relaxed) & 3) == cancelled;  // relaxed: final once seen
  }
  [[nodiscard]] std::int64_t deadline_ns() const noexcept { return deadline_ns_; }

 private:
  friend class timer_shard;
  static constexpr std::uint32_t armed = 1;
  static constexpr std::uint32_t fired = 2;
  static constexpr std::uint32_t cancelled = 3;

  base::atomic<std::uint32_t> word_{0};
  std::uint32_t next_ = 0;  // in the free list, the inbox or the returned list
  std::int64_t deadline_ns_ = 0;
  core::frame_header* root_ = nullptr;
};

class timer_shard {
 public:
  /// Throws std::bad_alloc.
  timer_shard();
  ~timer_shard();
  timer_shard(const timer_shard&) = delete;
  timer_shard& operator=(const timer_shard&) = delete;

  // ---- The worker ----

  /// Whether arm() may be called without a reserve().
  [[nodiscard]] bool has_free_cell() noexcept { return free_ != none || take_returned(); }

  /// Makes room for `cells_per_chunk` more timers. Throws std::bad_alloc.
  void add_chunk();

  /// Arms a timer and posts it to the reactor, which may have to be kicked.
  timer_ticket arm(core::frame_header& root, std::int64_t deadline_ns) noexcept;

  // ---- The reactor ----

  /// Takes every posted cell into the wheel. `tag` goes with the index into the payload.
  void drain(wheel& into, std::uint64_t tag) noexcept;

  /// Frees a cell that fired or was swept.
  void free_cell(std::uint32_t index) noexcept {
    cell(index).next_ = freed_;
    if (freed_ == none) freed_last_ = index;
    freed_ = index;
    ++freed_count_;
  }
  /// Hands the freed cells back to the worker, and counts them: after what they woke was submitted,
  /// so that a timer is pending until then.
  void return_freed() noexcept;

  // ---- Anyone ----

  [[nodiscard]] timer_cell& cell(std::uint32_t index) noexcept {
    return chunks_[index / cells_per_chunk].cells[index % cells_per_chunk];
  }
  [[nodiscard]] bool inbox_empty() const noexcept {
    return inbox_.load(base::relaxed) == none;  // relaxed: ordered by the caller's fence
  }
  /// Timers armed and neither fired nor swept. Exact when nothing runs.
  [[nodiscard]] std::int64_t pending() const noexcept { return armed_.get() - released_.get(); }

 private:
  [[nodiscard]] bool take_returned() noexcept;
  void lend_fresh(wheel& to) noexcept;

  static constexpr std::uint32_t none = ~std::uint32_t{0};

  // A chunk of cells and the wheel blocks that as many timers may need.
  struct chunk {
    timer_cell* cells;
    wheel::block* blocks;
  };
  struct free_memory {
    void operator()(chunk* table) const noexcept { std::free(table); }
  };
  static constexpr std::size_t blocks_per_chunk = wheel::blocks_for(cells_per_chunk);

  // Fixed, so that the reactor can read it while the worker appends; from calloc, so that its pages
  // are not touched before they are needed.
  std::unique_ptr<chunk[], free_memory> chunks_;
  // The worker's.
  alignas(base::cache_line) std::uint32_t free_ = none;
  trace::balance armed_;
  // Between the two. `fresh_` is how many chunks the worker has made.
  base::atomic<std::uint32_t> fresh_{0};
  alignas(base::cache_line) base::atomic<std::uint32_t> inbox_{none};
  alignas(base::cache_line) base::atomic<std::uint32_t> returned_{none};
  // The reactor's.
  alignas(base::cache_line) std::uint32_t freed_ = none;
  std::uint32_t freed_last_ = none;
  std::uint32_t lent_ = 0;  // chunks whose blocks the wheel has
  std::int64_t freed_count_ = 0;
  trace::balance released_;
};

}  // namespace dwell::inline v0::reactor
