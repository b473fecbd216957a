// One model thread: its fiber, what it knows, and what the scheduler knows about it.
#pragma once

#include <cstdint>

#include "fiber.hpp"
#include "knowledge.hpp"
#include "step.hpp"

namespace model {

enum class thread_state : std::uint8_t { ready, yielded, sleeping, joining, finished };

struct thread {
  unsigned id = 0;
  fiber stack;
  void (*body)(void*) = nullptr;
  void* argument = nullptr;
  thread_state state = thread_state::finished;

  /// What happens before the thread's next operation.
  knowledge current;
  /// What relaxed loads have read and an acquire fence would add.
  knowledge unfenced;
  /// What the last release fence gives to later relaxed stores.
  knowledge released;

  // Scheduling.
  std::uint64_t ran_at = 0;
  std::uint64_t progress_seen = 0;
  unsigned joins = 0;
  /// The step before which it was preempted, and whether another thread's step conflicted with it.
  step pending;
  bool preempted = false;
  bool disturbed = false;
  const void* sleeps_on = nullptr;
  bool may_time_out = false;
  bool timed_out = false;
  /// What the word given to per_thread() holds while this thread runs.
  void* own_word = nullptr;

  // Spinning: a store that was read before the last yield and is stale is not read again. Rounds
  // are never used twice, so what earlier executions left here is older than `first_round`.
  unsigned round = 1;
  unsigned first_round = 1;
  unsigned fruitless_reads = 0;
  struct visit {
    store_index read = 0;
    unsigned read_round = 0;
    unsigned wrote_round = 0;
  };
  std::array<visit, max_locations> visits{};

  bool earlier_round(unsigned r) const { return r >= first_round && r < round; }

  epoch tick() { return ++current.clock[id]; }
};

}  // namespace model
