// The composition root: the only file that knows scheduler, reactor and offload together.
//
// Start:     1 settings  2 pool  3 reactor and runners, installed in the workers and in the pool
//            4 the reactor's watchman  5 worker threads  6 watchdog thread
// Shutdown:  1 cancel what was spawned  2 wait until it has ended (naming what is left after the
//            grace)  3 wait for the functions that blocking() abandoned, as in 2  4 stop the
//            watchdog: what it watches goes  5 stop the reactor: nobody sleeps any more  6 stop the
//            workers  7 assert that nothing lives
//
// The thread that waits (in run(), or in shutdown) sleeps on `bell_`. A root that ended rings it,
// and so does the last worker that goes to sleep, but only when somebody waits for that: while
// draining, or when nothing is left that could wake a task.
#pragma once

#include <cstdint>
#include <memory>
#include <source_location>
#include <string>

#include <dwell/base/atomic.hpp>
#include <dwell/engine/settings.hpp>
#include <dwell/engine/statistics.hpp>
#include <dwell/engine/watchdog.hpp>
#include <dwell/offload/blocking_pool.hpp>
#include <dwell/offload/compute_arena.hpp>
#include <dwell/os/fork_guard.hpp>
#include <dwell/os/poller.hpp>
#include <dwell/reactor/reactor.hpp>
#include <dwell/scheduler/pool.hpp>
#include <dwell/task/background.hpp>
#include <dwell/task/join.hpp>

namespace dwell::inline v0::engine {

/// A count that threads wait on: any change of what they wait for is followed by ring().
class bell {
 public:
  [[nodiscard]] std::uint32_t now() const noexcept {
    return rings_.load(base::acquire);  // acquire: pairs with the release in ring()
  }
  void ring() noexcept {
    rings_.fetch_add(1, base::release);  // release: what changed before is seen after now()
    os::futex_wake(rings_, INT32_MAX);
  }
  void wait(std::uint32_t since) noexcept { os::futex_wait(rings_, since); }
  void wait_until(std::uint32_t since, std::int64_t deadline_ns) noexcept {
    os::futex_wait_until(rings_, since, deadline_ns);
  }

 private:
  base::atomic<std::uint32_t> rings_{0};
};

/// The join of a task given to run().
class root_join final : public core::join {
 public:
  root_join(core::frame_header& root, bell& ended) noexcept : root_(root), bell_(ended) {
    root.continuation = static_cast<core::join*>(this);
    root.root = &root;
  }

  [[nodiscard]] core::frame_header* chain_ended(core::frame_header&) noexcept override {
    leave();
    bell& b = bell_;
    // release: pairs with the acquire in ended(). The join may be gone after this.
    ended_.store(true, base::release);
    b.ring();
    return nullptr;
  }
  void for_each_root(root_visitor visit, void* context) noexcept override { visit(context, root_); }

  [[nodiscard]] bool ended() const noexcept { return ended_.load(base::acquire); }

 private:
  core::frame_header& root_;
  bell& bell_;
  base::atomic<bool> ended_{false};
};

class core_engine {
 public:
  explicit core_engine(settings s);
  ~core_engine();
  core_engine(const core_engine&) = delete;
  core_engine& operator=(const core_engine&) = delete;

  /// Runs a chain to its end. With `report_deadlock` throws deadlock_error instead of waiting for
  /// ever.
  void run_root(core::frame_header& root, bool report_deadlock, std::source_location here);

  [[nodiscard]] statistics_snapshot statistics() const;
  [[nodiscard]] const settings& active() const noexcept { return settings_; }
  [[nodiscard]] core::executor& executor() noexcept { return pool_; }
  [[nodiscard]] core::background& home() noexcept { return background_; }

 private:
  /// Settings that are resolved, and what they choose.
  struct foundation {
    settings chosen;
    std::unique_ptr<os::poller> poller;
  };
  [[nodiscard]] static foundation lay_foundation(settings s);
  explicit core_engine(foundation made);

  void wait_for(root_join& root, bool report_deadlock);
  [[nodiscard]] bool stuck() noexcept;
  [[nodiscard]] bool stuck_for_good(std::uint32_t since) noexcept;
  [[nodiscard]] std::string break_deadlock(root_join& root);
  [[nodiscard]] bool nothing_can_wake() noexcept;
  void start_threads();
  void on_thread_start(unsigned worker);
  void on_all_asleep() noexcept;
  void shut_down() noexcept;
  void drain() noexcept;
  void report_left_over() noexcept;
  void close_blocking() noexcept;
  [[nodiscard]] std::int64_t live_spawned() const noexcept;
  [[nodiscard]] std::int64_t socket_waits() const noexcept;

  const os::fork_guard forks_;
  const settings settings_;
  bell bell_;
  base::atomic<bool> draining_{false};
  base::atomic<std::uint32_t> watching_{0};  // runs that want to hear of a deadlock
  core::background background_;
  mutable scheduler::pool pool_;
  reactor::reactor reactor_;
  mutable offload::blocking_pool blocking_;
  mutable offload::compute_arena compute_;
  offload::runners runners_;
  watchdog watchdog_;
};

}  // namespace dwell::inline v0::engine
