// The thread that owns time. It runs no user code and touches no frame: it moves timers from the
// workers' inboxes into the wheel, and what has come due into batches for the executor.
//
// It owns no thread of its own accord: step(now) does bounded work and says when it wants to be
// called again; start_thread() loops it, a simulation may call it.
//
//   sleep_for ─▶ timer_shard::arm ─▶ inbox ─▶ step(): drain ─▶ wheel ─▶ expire ─▶ wake_batch ─▶
//   executor
//
// When to wake it. Before it waits, it publishes how long (`wake_at`), fences, and looks at the
// inboxes once more. A worker posts, fences, and reads `wake_at`: only a deadline before it needs a
// kick. One of the two sees the other. While the reactor is awake `wake_at` says "the past", so
// nobody kicks.
//
// Sockets will be registered and polled here; timers do not know about them.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <dwell/base/atomic.hpp>
#include <dwell/base/cache_line.hpp>
#include <dwell/base/export.hpp>
#include <dwell/os/poller.hpp>
#include <dwell/os/thread.hpp>
#include <dwell/reactor/batch_pool.hpp>
#include <dwell/reactor/timer_shard.hpp>
#include <dwell/reactor/wheel.hpp>
#include <dwell/task/executor.hpp>
#include <dwell/trace/counters.hpp>

namespace dwell::inline v0::reactor {

class reactor;

/// A worker's side of the reactor: what core::run_context::timers points to.
class timer_port {
 public:
  timer_port(reactor& owner, std::uint32_t shard) noexcept : reactor_(owner), shard_(shard) {}

  /// Room for one more timer, in the shard and in the wheel. Throws std::bad_alloc.
  void reserve();
  /// Arms; room must have been reserved.
  timer_ticket arm(core::frame_header& root, std::int64_t deadline_ns) noexcept;

  [[nodiscard]] std::uint32_t shard() const noexcept { return shard_; }
  [[nodiscard]] reactor& owner() const noexcept { return reactor_; }

 private:
  reactor& reactor_;
  const std::uint32_t shard_;
};

struct reactor_counters {
  trace::counter wakeups;  // times the thread came out of its wait
  trace::counter fired;    // timers that woke a chain
  trace::counter dropped;  // cancelled timers that left the wheel
  trace::counter batches;  // batches handed to the workers
  trace::counter sweeps;   // compactions
};

class DWELL_API reactor {
 public:
  /// One shard for each of `workers`. `now_ns` is where time starts.
  reactor(core::executor& exec, std::uint32_t workers, std::int64_t now_ns);
  ~reactor();
  reactor(const reactor&) = delete;
  reactor& operator=(const reactor&) = delete;

  /// Loops step() on a thread of its own. Throws std::system_error.
  void start_thread(const std::string& name, std::chrono::nanoseconds timer_slack);
  /// Ends the thread. Pending timers never fire afterwards.
  void stop_thread() noexcept;

  /// Takes in what was posted and fires what is due at `now_ns`. Returns when to call it again,
  /// unless kicked. One thread at a time.
  std::int64_t step(std::int64_t now_ns);

  [[nodiscard]] timer_port& port(std::uint32_t worker) noexcept { return ports_[worker]; }

  /// Calls a timer off: true if it will never fire. Any thread that pins the sleeper.
  [[nodiscard]] bool cancel(std::uint32_t shard, timer_ticket ticket) noexcept;

  /// Timers that may still wake somebody. Exact when nothing runs.
  [[nodiscard]] std::int64_t pending_timers() const noexcept;

  [[nodiscard]] const reactor_counters& counters() const noexcept { return counters_; }

 private:
  friend class timer_port;

  void thread_main(bool has_slack) noexcept;
  void sleep_until(std::int64_t deadline_ns) noexcept;
  [[nodiscard]] bool inboxes_empty() const noexcept;
  void kick_before(std::int64_t deadline_ns) noexcept;
  void take_posted() noexcept;
  [[nodiscard]] bool fire_due(std::int64_t now_ns) noexcept;
  void nudge_if_due(std::int64_t now_ns) noexcept;
  [[nodiscard]] bool collect(std::uint64_t payload, core::wake_batch*& batch) noexcept;
  void submit(core::wake_batch*& batch) noexcept;
  [[nodiscard]] bool sweep_due() const noexcept;
  void sweep() noexcept;

  core::executor& exec_;
  os::poller poller_;
  wheel wheel_;
  batch_pool batches_;
  std::vector<std::unique_ptr<timer_shard>> shards_;
  std::vector<timer_port> ports_;
  /// When to ask whether a small batch keeps its worker too long.
  std::int64_t nudge_at_ns_ = INT64_MAX;
  reactor_counters counters_;
  os::thread thread_;
  bool running_ = false;
  base::atomic<bool> stopping_{false};
  /// When the thread wakes by itself; in the past while it is awake.
  alignas(base::cache_line) base::atomic<std::int64_t> wake_at_{INT64_MIN};
  /// Cancelled timers still in the wheel, and how many of them are worth a sweep.
  alignas(base::cache_line) base::atomic<std::int64_t> dead_{0};
  base::atomic<std::int64_t> sweep_at_;
};

}  // namespace dwell::inline v0::reactor
