// The memory model: what an atomic operation may return, and what it teaches.
//
// It is C++20 without load buffering, made operational (the view machine of Kang et al., "A
// promising semantics for relaxed-memory concurrency", POPL 2017, without its promises):
//  * a load reads any store not older than what the thread has seen of that location;
//  * a store goes anywhere behind what the thread has seen, so modification order need not be
//    execution order, but never between a read-modify-write and the store that it read;
//  * a read-modify-write reads a store that no other has read, and goes directly behind it; it
//    passes on the message of that store, which is C++20's release sequence;
//  * S, the single order of seq_cst operations, is their order of execution. `sequenced_` holds,
//    per location, the newest store that S has fixed: a seq_cst access respects and extends its own
//    location's entry, a seq_cst fence joins all of it in both directions. README.md says where
//    this is stronger than the standard.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "choices.hpp"
#include "location.hpp"
#include "settings.hpp"
#include "thread.hpp"

namespace model {

class memory {
 public:
  struct access {
    std::uint64_t value = 0;
    /// How many stores are newer in modification order.
    unsigned behind = 0;
    bool done = true;
  };

  memory(choices& c, const settings& s) : choices_(c), settings_(s) {}

  void begin(unsigned spurious_failures, bool searching);

  /// The location at this address, or null.
  location* find(const void* address);
  location& create(const void* address, unsigned size, std::uint64_t initial);

  access load(thread& t, location& l, std::memory_order order);
  access write(thread& t, location& l, std::uint64_t value, std::memory_order order);
  /// The two halves of a read-modify-write; nothing may happen between them.
  access update_begin(thread& t, location& l, std::memory_order order);
  void update_end(thread& t, location& l, std::uint64_t value, std::memory_order order);
  /// `done` tells whether it exchanged; if not, `value` is what it read.
  access compare_exchange(thread& t, location& l, std::uint64_t expected, std::uint64_t desired,
                          std::memory_order success, std::memory_order failure, bool weak);
  /// What the kernel reads in futex_wait: the newest value. Teaches coherence, nothing else.
  std::uint64_t peek(thread& t, location& l);

  void fence(thread& t, std::memory_order order);
  void light_fence(thread& t);
  void heavy_fence(thread& t);

  void join(view& into, const view& from) const;
  void join(knowledge& into, const knowledge& from) const;

  bool full() const { return count_ == max_locations; }

  /// Whether `t`'s last access read a store it had read before (a spinning sign).
  bool fruitless() const { return fruitless_; }

 private:
  struct candidates;
  struct slot {
    const void* address = nullptr;
    std::uint64_t execution = 0;
    unsigned location = 0;
  };
  static constexpr unsigned slots = 4 * max_locations;

  slot& probe(const void* address);
  unsigned pick(const candidates& all);
  unsigned floor(const thread& t, const location& l, std::memory_order order) const;
  bool stale_reread(const thread& t, const location& l, unsigned rank) const;
  unsigned write_floor(const thread& t, const location& l, std::memory_order order,
                       bool update) const;
  unsigned pick_place(thread& t, location& l, std::memory_order order, bool update);
  access read(thread& t, location& l, unsigned rank, std::memory_order order);
  void publish(thread& t, location& l, store_index index, std::memory_order order);
  void see(view& v, const location& l, store_index index) const;

  choices& choices_;
  const settings& settings_;
  std::vector<std::unique_ptr<location>> locations_;
  unsigned count_ = 0;
  std::vector<slot> table_{slots};
  std::uint64_t execution_ = 0;
  unsigned spurious_failures_ = 0;
  unsigned reorderings_ = 0;
  view sequenced_;
  // What light fences offer to heavy ones, and heavy ones to light ones.
  view light_;
  view heavy_;
  unsigned read_rank_ = 0;
  bool fruitless_ = false;
};

}  // namespace model
