#include <algorithm>
#include <cstdio>
#include <system_error>
#include <utility>

#include <dwell/engine/core_engine.hpp>
#include <dwell/engine/dump.hpp>
#include <dwell/engine/runtime.hpp>
#include <dwell/os/clock.hpp>
#include <dwell/task/frame_pool.hpp>
#include <dwell/task/outside_waker.hpp>

namespace dwell::inline v0::engine {

namespace {

// Between the two looks that make a deadlock: long enough for anything half-done to show.
constexpr std::int64_t second_look_ns = 10'000'000;
// How long run() trusts the bell before it looks for a deadlock by itself, doubling each time.
constexpr std::int64_t first_patience_ns = 250'000'000;
constexpr std::int64_t most_patience_ns = 60'000'000'000;

scheduler::tuning tuning_of(const settings& s) {
  return {.spin = s.spin,
          .lifo_cap = s.lifo_cap,
          .fairness_interval = s.fairness_interval,
          .steal_width = s.steal_width};
}

}  // namespace

core_engine::core_engine(settings s) : core_engine(lay_foundation(std::move(s))) {}

// What the settings say afterwards is what is in force.
core_engine::foundation core_engine::lay_foundation(settings s) {
  foundation made{.chosen = resolve(std::move(s)), .poller = nullptr};
  if (made.chosen.io == io_mode::io_uring) {
    try {
      made.poller = os::make_uring_poller();
      return made;
    } catch (const std::system_error& refusal) {
      std::fprintf(stderr, "dwell: the kernel refuses io_uring (%s); waiting by epoll instead\n",
                   refusal.code().message().c_str());
    }
    made.chosen.io = io_mode::epoll;
  }
  made.poller = os::make_epoll_poller();
  return made;
}

core_engine::core_engine(foundation made)
    : settings_(std::move(made.chosen)),
      pool_(settings_.threads, tuning_of(settings_),
            {[this](unsigned worker) { on_thread_start(worker); }, settings_.on_thread_stop,
             [this] { on_all_asleep(); }, [this] { watchdog_.wake_up(); }}),
      reactor_(pool_, settings_.threads, os::now_ns(),
               {.batch = settings_.timer_batch,
                .attends_itself = settings_.reactor == reactor_mode::dedicated},
               std::move(made.poller)),
      blocking_(settings_.thread_name + "-b", {.threads = settings_.blocking_threads,
                                               .keep_alive = settings_.blocking_keep_alive}),
      compute_(settings_.compute_threads),
      runners_{.blocking = &blocking_,
               .compute = &compute_,
               .report_unobserved = &scope::report_unobserved},
      watchdog_(pool_, compute_, settings_) {
  core::frame_cache_limit.store(settings_.frame_cache, base::relaxed);  // relaxed: a limit
  for (std::uint32_t i = 0; i < pool_.size(); ++i) {
    pool_.at(i).timers = &reactor_.port(i);
    pool_.at(i).home = &background_;
    pool_.at(i).runners = &runners_;
  }
  if (settings_.reactor == reactor_mode::shared) pool_.set_idle_port(reactor_);
  start_threads();
}

// Workers use the reactor, which is destroyed before their pool.
void core_engine::start_threads() {
  try {
    reactor_.start_thread(settings_.thread_name + "-io", settings_.timer_slack);
    pool_.start_threads(settings_.thread_name);
    watchdog_.start_thread(settings_.thread_name + "-dog");
  } catch (...) {
    pool_.stop_threads();
    throw;
  }
}

core_engine::~core_engine() {
  os::fork_guard::check("~runtime");
  if (core::current_context != nullptr && core::current_context->exec == &pool_)
    base::panic("~runtime",
                "called on a worker of this very runtime; destroy it where it was made");
  shut_down();
}

// A worker waits for timers too.
void core_engine::on_thread_start(unsigned worker) {
  os::set_timer_slack(settings_.timer_slack);
  if (settings_.on_thread_start) settings_.on_thread_start(worker);
}

// ---- Running ----

void core_engine::run_root(core::frame_header& root, bool report_deadlock,
                           std::source_location here) {
  os::fork_guard::check("run");
  refuse_nested_run(root, here);
  background_.set_run_site(here);
  root_join join(root, bell_);
  try {
    pool_.start(root);
  } catch (...) {
    root.skipped = true;
    throw;
  }
  wait_for(join, report_deadlock);
}

void core_engine::wait_for(root_join& root, bool report_deadlock) {
  // relaxed: ordered by the fence, which pairs with the one of the last worker to announce its
  // sleep: it sees that we watch, or we see it asleep.
  if (report_deadlock) watching_.fetch_add(1, base::relaxed);
  base::fence(base::seq_cst);
  std::string report;
  for (std::int64_t patience = first_patience_ns;;
       patience = std::min(2 * patience, most_patience_ns)) {
    const std::uint32_t since = bell_.now();
    if (root.ended()) break;
    if (report_deadlock && report.empty()) {
      if (stuck_for_good(since)) report = break_deadlock(root);
      // What could have woken somebody may go away while all sleep, and then nobody rings.
      bell_.wait_until(since, os::now_ns() + patience);
    } else {
      bell_.wait(since);
    }
  }
  if (report_deadlock) watching_.fetch_sub(1, base::relaxed);  // relaxed: as above
  if (!report.empty()) throw deadlock_error(report);
}

// ---- Deadlock ----

bool core_engine::nothing_can_wake() noexcept {
  return reactor_.pending_timers() == 0 && core::outside_waker::count() == 0 && socket_waits() == 0;
}

bool core_engine::stuck() noexcept { return pool_.quiescent() && nothing_can_wake(); }

// Two looks, and nobody was even awake from before the first until after the second.
bool core_engine::stuck_for_good(std::uint32_t since) noexcept {
  const std::uint64_t epoch = pool_.idlers().announcements();
  if (!stuck()) return false;
  bell_.wait_until(since, os::now_ns() + second_look_ns);
  return bell_.now() == since && stuck() && pool_.idlers().announcements() == epoch;
}

std::string core_engine::break_deadlock(root_join& root) {
  std::string report =
      "deadlock: every task sleeps and nothing is left that could wake one "
      "(no timer, no socket, no oneshot sender, no outside_work); what each awaits:\n";
  describe_sleepers(root, report);
  describe_sleepers(background_, report);
  root.cancel(pool_, core::cancel_reason::deadlock);
  background_.cancel(pool_, core::cancel_reason::deadlock);
  return report;
}

void core_engine::on_all_asleep() noexcept {
  // relaxed, both: see wait_for() and drain().
  const bool wanted =
      draining_.load(base::relaxed) || (watching_.load(base::relaxed) > 0 && nothing_can_wake());
  if (wanted) bell_.ring();
}

// ---- Shutdown, by the numbers of the header ----

void core_engine::shut_down() noexcept {
  background_.cancel(pool_, core::cancel_reason::shutdown);  // 1
  drain();                                                   // 2
  close_blocking();                                          // 3
  watchdog_.stop_thread();                                   // 4
  reactor_.stop_thread();                                    // 5
  pool_.stop_threads();                                      // 6
  DWELL_ASSERT(reactor_.pending_timers() == 0, "no timer outlives the tasks (shutdown step 7)");
  DWELL_ASSERT(live_spawned() == 0, "no spawned task outlives its runtime (shutdown step 7)");
}

void core_engine::drain() noexcept {
  draining_.store(true, base::relaxed);  // relaxed: as in wait_for()
  base::fence(base::seq_cst);
  const std::int64_t grace_ends = os::deadline_after(os::now_ns(), settings_.shutdown_grace);
  bool reported = false;
  for (;;) {
    const std::uint32_t since = bell_.now();
    if (pool_.quiescent() && live_spawned() == 0) return;
    if (reported) {
      bell_.wait(since);
      continue;
    }
    bell_.wait_until(since, grace_ends);
    if (os::now_ns() < grace_ends) continue;
    report_left_over();
    reported = true;
  }
}

void core_engine::report_left_over() noexcept {
  std::fprintf(
      stderr,
      "dwell: shutdown: %lld spawned task(s) still run after the grace of %lld ms; waiting "
      "on (they do not await, or swallow dwell::cancelled)\n",
      static_cast<long long>(live_spawned()),
      static_cast<long long>(settings_.shutdown_grace.count()));
}

// Every task has ended, so what runs here was abandoned.
void core_engine::close_blocking() noexcept {
  if (blocking_.close(os::deadline_after(os::now_ns(), settings_.shutdown_grace))) return;
  const offload::blocking_load left = blocking_.load();
  std::fprintf(
      stderr,
      "dwell: shutdown: %zu function(s) given to blocking(abandon_on_cancel, ...) still run "
      "after the grace of %lld ms; waiting on\n",
      left.threads, static_cast<long long>(settings_.shutdown_grace.count()));
  static_cast<void>(blocking_.close(os::never_ns));
}

// ---- Numbers ----

static_assert(timer_lateness::bound(3).count() == trace::histogram::bound_ns(3),
              "the snapshot shows the reactor's buckets");

std::int64_t core_engine::live_spawned() const noexcept {
  std::int64_t live = background_.outside();
  for (std::uint32_t i = 0; i < pool_.size(); ++i) live += pool_.at(i).spawned.get();
  return live;
}

std::int64_t core_engine::socket_waits() const noexcept {
  std::int64_t waits = 0;
  for (std::uint32_t i = 0; i < pool_.size(); ++i) waits += pool_.at(i).socket_waits.get();
  return waits;
}

statistics_snapshot core_engine::statistics() const {
  statistics_snapshot s{};
  for (std::uint32_t i = 0; i < pool_.size(); ++i) {
    scheduler::worker& w = pool_.at(i);
    const trace::worker_counters& c = w.counters();
    s.workers.push_back({c.polls.get(), c.steals.get(), c.stolen.get(), c.lifo_runs.get(),
                         c.injected.get(), c.parks.get(), c.wakeups.get(), w.queue().size_hint()});
  }
  const reactor::reactor_counters& r = reactor_.counters();
  s.injected_queued = std::max<std::int64_t>(pool_.injected().size(), 0);
  s.live_frames = core::live_frames();
  s.live_spawned = live_spawned();
  s.pending_timers = reactor_.pending_timers();
  s.timers_fired = r.fired.get();
  s.timers_dropped = r.dropped.get();
  s.reactor_wakeups = r.wakeups.get();
  s.reactor_batches = r.batches.get();
  s.sockets = reactor_.registered_sockets();
  s.socket_waits = socket_waits();
  s.socket_events = r.events.get();
  s.lateness = {reactor_.lateness().counts(),
                std::chrono::nanoseconds(reactor_.lateness().sum_ns())};
  const offload::blocking_load b = blocking_.load();
  s.blocking_threads = b.threads;
  s.blocking_idle = b.idle;
  s.blocking_queued = b.queued;
  const offload::compute_load c = compute_.load();
  s.compute_running = c.running;
  s.compute_queued = c.queued;
  return s;
}

}  // namespace dwell::inline v0::engine
