#include <cstdio>

#include <dwell/engine/core_engine.hpp>
#include <dwell/engine/dump.hpp>
#include <dwell/engine/runtime.hpp>
#include <dwell/os/asymmetric_fence.hpp>
#include <dwell/os/clock.hpp>
#include <dwell/task/frame_pool.hpp>
#include <dwell/task/outside_waker.hpp>

namespace dwell::inline v0::engine {

namespace {

// Between the two looks that make a deadlock: long enough for anything half-done to show.
constexpr std::int64_t second_look_ns = 10'000'000;

scheduler::tuning tuning_of(const settings& s) {
  return {.spin = s.spin, .lifo_cap = s.lifo_cap, .fairness_interval = s.fairness_interval};
}

}  // namespace

core_engine::core_engine(settings s)
    : settings_(resolve(std::move(s))),
      pool_(settings_.threads, tuning_of(settings_),
            {settings_.on_thread_start, settings_.on_thread_stop, [this] { on_all_asleep(); }}),
      reactor_(pool_, settings_.threads, os::now_ns()) {
  core::frame_cache_limit = settings_.frame_cache;
  for (std::uint32_t i = 0; i < pool_.size(); ++i) {
    pool_.at(i).timers = &reactor_.port(i);
    pool_.at(i).home = &background_;
  }
  reactor_.start_thread(settings_.thread_name + "-io", settings_.timer_slack);
  pool_.start_threads(settings_.thread_name);
}

core_engine::~core_engine() { shut_down(); }

// ---- Running ----

void core_engine::run_root(core::frame_header& root, bool report_deadlock,
                           std::source_location here) {
  refuse_nested_run(here);
  background_.run_site = here;
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
  // relaxed: ordered by the fence, which pairs with the heavy fence of the last worker to announce
  // its sleep: it sees that we watch, or we see it asleep.
  if (report_deadlock) watching_.fetch_add(1, base::relaxed);
  os::light_fence();
  std::string report;
  for (;;) {
    const std::uint32_t since = bell_.now();
    if (root.ended()) break;
    if (report_deadlock && report.empty() && stuck()) {
      if (stays_stuck(since)) report = break_deadlock(root);
      continue;
    }
    bell_.wait(since);
  }
  if (report_deadlock) watching_.fetch_sub(1, base::relaxed);
  if (!report.empty()) throw deadlock_error(report);
}

// ---- Deadlock ----

bool core_engine::nothing_can_wake() noexcept {
  return reactor_.pending_timers() == 0 && core::outside_waker::count() == 0;
}

bool core_engine::stuck() noexcept { return pool_.quiescent() && nothing_can_wake(); }

// The second look: nobody was even awake between the two.
bool core_engine::stays_stuck(std::uint32_t since) noexcept {
  const std::uint64_t before = parks();
  bell_.wait_until(since, os::now_ns() + second_look_ns);
  return bell_.now() == since && stuck() && parks() == before;
}

std::string core_engine::break_deadlock(root_join& root) {
  std::string report =
      "deadlock: every task sleeps and nothing is left that could wake one (no timer, no oneshot "
      "sender); what each awaits:\n";
  report += describe_sleepers(root) + describe_sleepers(background_);
  root.cancel(pool_);
  background_.cancel(pool_);
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
  background_.cancel(pool_);  // 1
  drain();                    // 2
  reactor_.stop_thread();     // 3
  pool_.stop_threads();       // 4
  DWELL_ASSERT(reactor_.pending_timers() == 0, "no timer outlives the tasks (shutdown step 5)");
  DWELL_ASSERT(live_spawned() == 0, "no spawned task outlives its runtime (shutdown step 5)");
}

void core_engine::drain() noexcept {
  draining_.store(true, base::relaxed);  // relaxed: as in wait_for()
  os::light_fence();
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

// ---- Numbers ----

std::int64_t core_engine::live_spawned() const noexcept {
  std::int64_t live = background_.outside();
  for (std::uint32_t i = 0; i < pool_.size(); ++i) live += pool_.at(i).spawned.get();
  return live;
}

std::uint64_t core_engine::parks() const noexcept {
  std::uint64_t total = 0;
  for (std::uint32_t i = 0; i < pool_.size(); ++i) total += pool_.at(i).counters().parks.get();
  return total;
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
  s.live_frames = core::live_frames();
  s.live_spawned = live_spawned();
  s.pending_timers = reactor_.pending_timers();
  s.timers_fired = r.fired.get();
  s.timers_dropped = r.dropped.get();
  s.reactor_wakeups = r.wakeups.get();
  s.reactor_batches = r.batches.get();
  return s;
}

}  // namespace dwell::inline v0::engine
