// What a runtime has done so far, as numbers.
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include <dwell/base/export.hpp>

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

/// How late sleeps ended: from the deadline until the reactor took it up. The worker's own delay
/// comes on top.
struct timer_lateness {
  /// `counts[i]` sleeps were late by less than `bound(i)`, and by no less than the bound before it;
  /// the last one has no bound.
  std::array<std::uint64_t, 22> counts;
  std::chrono::nanoseconds sum;

  /// Powers of two, from about a microsecond to about a second.
  [[nodiscard]] static constexpr std::chrono::nanoseconds bound(std::size_t i) noexcept {
    return std::chrono::nanoseconds(std::int64_t{1} << (i + 10));
  }
};

/// A snapshot, not a consistent cut: each number is exact at some moment during the call. Taking
/// one costs the workers nothing.
struct statistics_snapshot {
  std::vector<worker_statistics> workers;
  std::int64_t injected_queued;   ///< pieces of work in the shared queue just now
  std::int64_t live_frames;       ///< coroutine frames in existence, in the whole process
  std::int64_t live_spawned;      ///< spawned tasks that have not ended
  std::int64_t pending_timers;    ///< sleeps that have not fired
  std::uint64_t timers_fired;     ///< sleeps that ended by time
  std::uint64_t timers_dropped;   ///< sleeps that were cancelled, and are out of the wheel
  std::uint64_t reactor_wakeups;  ///< times a wait for timers and sockets ended
  std::uint64_t reactor_batches;  ///< batches of woken chains handed to the workers
  std::int64_t sockets;           ///< sockets that are open
  std::int64_t socket_waits;      ///< reads, writes, connects and accepts that wait
  std::uint64_t socket_events;    ///< events of sockets that the reactor took
  timer_lateness lateness;        ///< of the sleeps that ended by time
  std::size_t blocking_threads;   ///< threads that exist for blocking()
  std::size_t blocking_idle;      ///< of them, without work
  std::size_t blocking_queued;    ///< functions given to blocking() that have not begun
  std::size_t compute_running;    ///< functions given to compute() that run
  std::size_t compute_queued;     ///< functions given to compute() that have not begun
};

/// The snapshot in Prometheus' text format, every name beginning with `dwell_`: what a program
/// serves at /metrics.
[[nodiscard]] DWELL_API std::string to_prometheus(const statistics_snapshot& s);

}  // namespace dwell::inline v0
