// The watchdog: names the coroutine that keeps a worker, and the arena in which nothing moves.
//
// One thread looks twice per period, and the watched read no clock. A worker counts its polls and
// notes where its chain went on last; a look that finds the same count, and a chain running, for
// longer than the period has found a stall. The arena counts beginnings and ends of jobs.
//
// While all workers sleep and the arena is empty there is nothing to see, and an idle program
// should not wake twenty times a second: the watchdog dozes until the first worker is awake again.
//
//            ┌──────── nothing moved in two looks, and pool::doze() ────────▶┐
//        watching                                                        dozing
//            └◀──────────────── wake_up(), by a worker ──────────────────────┘
//            stop_thread(): either ──▶ stopping
//
// A worker whose thread is kept off its processor for long looks the same as one that does not
// return. So a report is a hint, printed once for each stall, and nothing is done about it.
//
// Rejected: a time stamp in each resume (25 ns where a resume takes 20), and a signal that makes
// the worker say where it is (interrupts the user's system calls).
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <source_location>
#include <string>
#include <vector>

#include <dwell/base/atomic.hpp>
#include <dwell/base/export.hpp>
#include <dwell/engine/settings.hpp>
#include <dwell/offload/compute_arena.hpp>
#include <dwell/os/thread.hpp>
#include <dwell/scheduler/pool.hpp>

namespace dwell::inline v0 {

/// A worker that has run one chain for longer than settings::watchdog_after.
struct worker_stall {
  unsigned worker;                      ///< its number
  std::source_location where;           ///< the coroutine it runs, and the await it went on from
  std::chrono::milliseconds not_since;  ///< how long at least
};

/// Functions given to compute() that wait while none begins or ends.
struct compute_stall {
  std::size_t waiting;                  ///< functions that have not begun
  std::size_t running;                  ///< functions that have
  std::chrono::milliseconds not_since;  ///< how long at least
};

/// Called once for each stall, on the watchdog's thread. Must not throw.
using worker_stall_hook = void (*)(const worker_stall& stall) noexcept;
using compute_stall_hook = void (*)(const compute_stall& stall) noexcept;

/// Replace the hooks; null restores the default, which prints to stderr. They return the previous
/// one. Any thread.
DWELL_API worker_stall_hook set_worker_stall_hook(worker_stall_hook hook) noexcept;
DWELL_API compute_stall_hook set_compute_stall_hook(compute_stall_hook hook) noexcept;

namespace engine {

/// Whether a count has stood still for too long. Said once, until the count moves.
class stall_detector {
 public:
  /// A look at the count. `active`: it ought to move. True: report now.
  [[nodiscard]] bool look(std::uint64_t count, bool active, std::int64_t now_ns,
                          std::int64_t limit_ns) noexcept;
  [[nodiscard]] std::int64_t still_ns(std::int64_t now_ns) const noexcept {
    return now_ns - since_ns_;
  }

 private:
  std::uint64_t count_ = 0;
  std::int64_t since_ns_ = 0;
  bool watching_ = false;
  bool reported_ = false;
};

class watchdog {
 public:
  watchdog(scheduler::pool& workers, offload::compute_arena& arena, const settings& s);
  ~watchdog();
  watchdog(const watchdog&) = delete;
  watchdog& operator=(const watchdog&) = delete;

  /// Nothing to start when the settings turn everything off. Throws std::system_error.
  void start_thread(std::string name);
  void stop_thread() noexcept;

  /// One look at everything. True: something runs, or waits to run.
  bool look(std::int64_t now_ns) noexcept;

  /// A worker has woken: look again. Any thread; does nothing unless the watchdog dozes.
  void wake_up() noexcept;

 private:
  static constexpr std::uint32_t watching = 0;
  static constexpr std::uint32_t dozing = 1;
  static constexpr std::uint32_t stopping = 2;

  bool look_at_worker(std::uint32_t index, std::int64_t now_ns) noexcept;
  bool look_at_arena(std::int64_t now_ns) noexcept;
  void thread_main() noexcept;
  void doze() noexcept;

  scheduler::pool& workers_;
  offload::compute_arena& arena_;
  const std::int64_t worker_limit_ns_;  // 0: off
  const std::int64_t arena_limit_ns_;
  std::vector<stall_detector> worker_stalls_;
  stall_detector arena_stall_;
  base::atomic<std::uint32_t> state_{watching};
  os::thread thread_;
  bool started_ = false;
};

}  // namespace engine

}  // namespace dwell::inline v0
