// What a runtime has done so far, as numbers.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace dwell::inline v0 {

/// One worker's counters.
struct worker_statistics {
  std::uint64_t polls;      ///< times its loop resumed a chain of coroutines
  std::uint64_t steals;     ///< successful steals from other workers
  std::uint64_t stolen;     ///< pieces of work that they brought
  std::uint64_t lifo_runs;  ///< chains run straight after the one that woke them
  std::uint64_t injected;   ///< pieces of work taken from the shared queue
  std::uint64_t parks;      ///< times it went to sleep
  std::uint64_t wakeups;    ///< sleeping workers that it woke
  std::int64_t queued;      ///< pieces of work in its own queue just now
};

/// A snapshot, not a consistent cut: each number is exact at some moment during the call. Taking
/// one costs the workers nothing.
struct statistics_snapshot {
  std::vector<worker_statistics> workers;
  std::int64_t live_frames;       ///< coroutine frames in existence, in the whole process
  std::int64_t live_spawned;      ///< spawned tasks that have not ended
  std::int64_t pending_timers;    ///< sleeps that have not fired
  std::uint64_t timers_fired;     ///< sleeps that ended by time
  std::uint64_t timers_dropped;   ///< sleeps that were cancelled, and are out of the wheel
  std::uint64_t reactor_wakeups;  ///< times a wait for timers ended
  std::uint64_t reactor_batches;  ///< batches of fired timers handed to the workers
  std::size_t blocking_threads;   ///< threads that exist for blocking()
  std::size_t blocking_idle;      ///< of them, without work
  std::size_t blocking_queued;    ///< functions given to blocking() that have not begun
  std::size_t compute_running;    ///< functions given to compute() that run
  std::size_t compute_queued;     ///< functions given to compute() that have not begun
};

}  // namespace dwell::inline v0
