// Owns time and the sockets' events. It runs no user code, and touches no frame but to wake it when
// all batches are out: it moves timers from the workers' inboxes into the wheel, and what has come
// due, or has become ready, into batches for the workers.
//
// It is no thread of its own accord. step(now) does bounded work and says when it wants to be
// called again; a simulation calls it. Otherwise whichever worker has nothing to run attends to it
// (the idle_port); a thread, the watchman, looks in when none does for long: see attendance.hpp. Or
// that thread attends itself and hands every batch to a worker, where settings::reactor says so.
//
//   sleep_for ─▶ timer_shard::arm ─▶ inbox ─▶ drain ─▶ wheel ─▶ expire ─▶ wake_batch ─▶ the worker
//                                                                     further ones ─▶ executor
//
//   read_some ─▶ readiness::arm                   poller ─▶ take_events ─▶ wake_batch ─▶ the worker
//
// Sockets are in reactor_sockets.cpp. Whoever attends waits for timers and sockets together. While
// every worker is busy nobody waits, so busy workers glance at the sockets now and then (at their
// fairness tick, and at most every glance_interval_ns), and the watchman comes when nobody has
// looked for half a millisecond (four, if workers come often enough): a worker may be in one long
// turn.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <dwell/base/atomic.hpp>
#include <dwell/base/cache_line.hpp>
#include <dwell/base/export.hpp>
#include <dwell/os/thread.hpp>
#include <dwell/reactor/attendance.hpp>
#include <dwell/reactor/batch_pool.hpp>
#include <dwell/reactor/socket_set.hpp>
#include <dwell/reactor/timer_shard.hpp>
#include <dwell/reactor/wheel.hpp>
#include <dwell/task/executor.hpp>
#include <dwell/task/idle_port.hpp>
#include <dwell/trace/counters.hpp>
#include <dwell/trace/histogram.hpp>

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
  trace::counter wakeups;  // waits for a deadline that ended
  trace::counter watches;  // times the watchman did what no worker had
  trace::counter fired;    // timers that woke a chain
  trace::counter dropped;  // cancelled timers that left the wheel
  trace::counter batches;  // batches handed to the workers
  trace::counter sweeps;   // compactions
  trace::counter events;   // socket events taken
};

/// The reactor's knobs, as the engine's settings hand them down.
struct reactor_tuning {
  std::uint32_t batch = core::wake_batch::capacity;  ///< Timers that go to a worker together.
  bool attends_itself = false;  ///< Its thread always attends; then it is no worker's idle port.
};

class DWELL_API reactor final : public core::idle_port {
 public:
  /// One shard for each of `workers`. `now_ns` is where time starts. Waits in `poller`.
  reactor(core::executor& exec, std::uint32_t workers, std::int64_t now_ns,
          reactor_tuning tuning = {}, std::unique_ptr<os::poller> poller = os::make_epoll_poller());
  ~reactor();
  reactor(const reactor&) = delete;
  reactor& operator=(const reactor&) = delete;

  /// Starts the thread. `timer_slack` is that of the threads that attend: with any, timers that
  /// come due while a step runs are left to the next wake-up. Throws std::system_error.
  void start_thread(const std::string& name, std::chrono::nanoseconds timer_slack);
  /// Ends the thread; nobody attends any more. Pending timers never fire afterwards.
  void stop_thread() noexcept;

  /// Takes in what was posted and fires what is due at `now_ns`. Returns when to call it again,
  /// unless a timer is posted. One thread at a time.
  std::int64_t step(std::int64_t now_ns) noexcept;

  // ---- core::idle_port ----
  [[nodiscard]] bool enter() noexcept override;
  [[nodiscard]] core::wake_batch* wait(const base::atomic<std::uint32_t>& called) noexcept override;
  void leave() noexcept override;
  void ring() noexcept override { sockets_->poller().kick(); }
  [[nodiscard]] core::wake_batch* glance() noexcept override;

  /// Registers for life; remove it from sockets() before it is closed. Stops the program when no
  /// thread would ever poll it: in a simulation. Throws std::system_error and std::bad_alloc.
  [[nodiscard]] socket_slot& add_socket(int fd);
  [[nodiscard]] const std::shared_ptr<socket_set>& sockets() const noexcept { return sockets_; }

  [[nodiscard]] timer_port& port(std::uint32_t worker) noexcept { return ports_[worker]; }

  /// Calls a timer off: true if it will never fire. Any thread that pins the sleeper.
  [[nodiscard]] bool cancel(std::uint32_t shard, timer_ticket ticket) noexcept;

  [[nodiscard]] std::int64_t registered_sockets() const noexcept {
    return sockets_->table().size();
  }

  /// Timers that may still wake somebody. Exact when nothing runs.
  [[nodiscard]] std::int64_t pending_timers() const noexcept;

  [[nodiscard]] const reactor_counters& counters() const noexcept { return counters_; }
  /// How late timers were that woke a chain, when they were taken up.
  [[nodiscard]] const trace::histogram& lateness() const noexcept { return lateness_; }

 private:
  friend class timer_port;

  [[nodiscard]] std::int64_t advance(std::int64_t now_ns, core::wake_batch** kept) noexcept;
  void return_freed() noexcept;
  void sleep_until(std::int64_t deadline_ns, core::wake_batch** kept) noexcept;
  [[nodiscard]] bool alarm_may_stay(std::int64_t deadline_ns) const noexcept;
  [[nodiscard]] bool inboxes_empty() const noexcept;
  void posted(std::int64_t deadline_ns) noexcept;
  [[nodiscard]] bool must_attend(attendance::duty left) noexcept;
  void attend_briefly(attendance::duty left) noexcept;
  void watch() noexcept;
  void look_in() noexcept;
  void attend() noexcept;
  [[nodiscard]] std::int64_t next_look(std::int64_t next_ns) const noexcept;
  [[nodiscard]] std::int64_t overdue_at() const noexcept;
  [[nodiscard]] bool set_alarm(std::int64_t latest_ns) noexcept;
  [[nodiscard]] std::int64_t soonest_useful_alarm(std::int64_t latest_ns) const noexcept;
  void begin_look(std::int64_t now_ns) noexcept;
  [[nodiscard]] bool looked_at_promptly() const noexcept;
  void take_posted() noexcept;
  [[nodiscard]] bool fire_due(std::int64_t now_ns, core::wake_batch** kept) noexcept;
  [[nodiscard]] bool collect(const wheel::entry& due, core::wake_batch** kept) noexcept;
  void fire_collected(core::wake_batch** kept) noexcept;
  [[nodiscard]] core::frame_header* fire(std::uint64_t payload) noexcept;
  [[nodiscard]] bool has_sockets() const noexcept { return registered_sockets() > 0; }
  [[nodiscard]] bool poll_due(std::int64_t now_ns) const noexcept;
  void poll(core::wake_batch** kept) noexcept;
  void take_events(std::size_t count, core::wake_batch** kept) noexcept;
  void wake(core::frame_header* root, core::wake_batch*& batch) noexcept;
  void hand_over(core::wake_batch& batch, core::wake_batch** kept) noexcept;
  [[nodiscard]] bool sweep_due() const noexcept;
  void sweep() noexcept;

  core::executor& exec_;
  const reactor_tuning tuning_;
  const std::shared_ptr<socket_set> sockets_;
  attendance attendance_;
  // The attendant's.
  wheel wheel_;
  batch_pool batches_;
  wheel::entry due_[core::wake_batch::capacity];  // about to fire
  std::uint32_t due_count_ = 0;
  os::ready_event events_[os::poller::most_events];
  std::int64_t left_at_ns_ = attendance::at_once;            // when the wheel was last looked at
  std::int64_t slept_at_ns_ = attendance::at_once;           // when the last wait began
  std::int64_t mean_gap_ns_ = attendance::long_patience_ns;  // between looks at the sockets
  bool unshared_ = false;  // a worker keeps a batch of several to itself
  std::int64_t firing_at_ns_ = 0;
  reactor_counters counters_;
  trace::histogram lateness_;

  std::vector<std::unique_ptr<timer_shard>> shards_;
  std::vector<timer_port> ports_;
  os::thread thread_;
  bool running_ = false;
  bool has_slack_ = true;
  /// When the sockets were last looked at: read by workers that might glance.
  base::atomic<std::int64_t> polled_at_ns_{attendance::at_once};
  /// Cancelled timers still in the wheel, and how many of them are worth a sweep.
  alignas(base::cache_line) base::atomic<std::int64_t> dead_{0};
  base::atomic<std::int64_t> sweep_at_;
};

}  // namespace dwell::inline v0::reactor
