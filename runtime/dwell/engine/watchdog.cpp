#include <algorithm>
#include <cstdio>
#include <new>
#include <optional>
#include <utility>

#include <dwell/engine/dump.hpp>
#include <dwell/engine/watchdog.hpp>
#include <dwell/os/clock.hpp>
#include <dwell/os/futex.hpp>

namespace dwell::inline v0 {

namespace {

void print_worker_stall(const worker_stall& stall) noexcept {
  try {
    std::string site;
    engine::append_site(site, stall.where);
    std::fprintf(
        stderr,
        "dwell: worker %u has not come back to its loop for %lld ms; it runs %s: give what "
        "blocks to dwell::blocking() and long computations to dwell::compute()\n",
        stall.worker, static_cast<long long>(stall.not_since.count()), site.c_str());
  } catch (const std::bad_alloc&) {
    std::fprintf(stderr, "dwell: worker %u has not come back to its loop\n", stall.worker);
  }
}

void print_compute_stall(const compute_stall& stall) noexcept {
  std::fprintf(
      stderr,
      "dwell: %zu function(s) given to compute() wait, and for %lld ms none began or ended: "
      "%zu run; give what blocks to dwell::blocking(), or raise settings::compute_threads\n",
      stall.waiting, static_cast<long long>(stall.not_since.count()), stall.running);
}

base::atomic<worker_stall_hook> worker_hook{&print_worker_stall};
base::atomic<compute_stall_hook> compute_hook{&print_compute_stall};

std::int64_t in_ns(std::chrono::milliseconds d) noexcept {
  return std::chrono::nanoseconds(d).count();
}
std::chrono::milliseconds in_ms(std::int64_t ns) noexcept {
  return std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::nanoseconds(ns));
}

}  // namespace

worker_stall_hook set_worker_stall_hook(worker_stall_hook hook) noexcept {
  // relaxed, here and below: a hook is a plain function; nothing is published with it.
  return worker_hook.exchange(hook != nullptr ? hook : &print_worker_stall, base::relaxed);
}

compute_stall_hook set_compute_stall_hook(compute_stall_hook hook) noexcept {
  return compute_hook.exchange(hook != nullptr ? hook : &print_compute_stall, base::relaxed);
}

namespace engine {

bool stall_detector::look(std::uint64_t count, bool active, std::int64_t now_ns,
                          std::int64_t limit_ns) noexcept {
  const bool still = active && watching_ && count == count_;
  watching_ = active;
  if (!still) {
    count_ = count;
    since_ns_ = now_ns;
    reported_ = false;
    return false;
  }
  if (reported_ || still_ns(now_ns) < limit_ns) return false;
  reported_ = true;
  return true;
}

watchdog::watchdog(scheduler::pool& workers, offload::compute_arena& arena, const settings& s)
    : workers_(workers),
      arena_(arena),
      worker_limit_ns_(in_ns(s.watchdog_after)),
      arena_limit_ns_(in_ns(s.compute_watchdog_after)),
      worker_stalls_(workers.size()) {}

watchdog::~watchdog() { stop_thread(); }

void watchdog::start_thread(std::string name) {
  if (worker_limit_ns_ == 0 && arena_limit_ns_ == 0) return;
  thread_ = os::thread(std::move(name), [this] { thread_main(); });
  started_ = true;
}

void watchdog::stop_thread() noexcept {
  if (!std::exchange(started_, false)) return;
  state_.store(stopping, base::relaxed);  // relaxed: nothing else is told; the join orders the rest
  os::futex_wake(state_, 1);
  thread_.join();
}

void watchdog::wake_up() noexcept {
  std::uint32_t expected = dozing;
  // relaxed: nothing is told but this.
  if (state_.compare_exchange_strong(expected, watching, base::relaxed, base::relaxed))
    os::futex_wake(state_, 1);
}

void watchdog::thread_main() noexcept {
  std::int64_t shortest = os::never_ns;
  for (const std::int64_t limit : {worker_limit_ns_, arena_limit_ns_})
    if (limit != 0) shortest = std::min(shortest, limit);
  bool busy = true;
  // relaxed: as in stop_thread().
  while (state_.load(base::relaxed) != stopping) {
    const std::int64_t now = os::now_ns();
    const bool was_busy = std::exchange(busy, look(now));
    if (!busy && !was_busy) doze();
    static_cast<void>(os::futex_wait_until(state_, watching, now + shortest / 2));
  }
}

// Says so before it asks: a worker that wakes in between changes the state back.
void watchdog::doze() noexcept {
  std::uint32_t expected = watching;
  // relaxed, all: as in wake_up() and stop_thread(); pool::doze() orders the flag that workers see.
  if (!state_.compare_exchange_strong(expected, dozing, base::relaxed, base::relaxed)) return;
  if (!workers_.doze()) return wake_up();
  while (state_.load(base::relaxed) == dozing) os::futex_wait(state_, dozing);
}

bool watchdog::look(std::int64_t now_ns) noexcept {
  bool busy = false;
  if (worker_limit_ns_ != 0)
    for (std::uint32_t i = 0; i < workers_.size(); ++i) busy |= look_at_worker(i, now_ns);
  if (arena_limit_ns_ != 0) busy |= look_at_arena(now_ns);
  return busy;
}

bool watchdog::look_at_worker(std::uint32_t index, std::int64_t now_ns) noexcept {
  scheduler::worker& w = workers_.at(index);
  stall_detector& detector = worker_stalls_[index];
  const std::optional<std::source_location> where = w.running.get();
  const std::uint64_t polls = w.counters().polls.get();
  if (detector.look(polls, where.has_value(), now_ns, worker_limit_ns_)) {
    // relaxed: as in set_worker_stall_hook().
    worker_hook.load(base::relaxed)({.worker = index,
                                     .where = where.value_or(std::source_location{}),
                                     .not_since = in_ms(detector.still_ns(now_ns))});
  }
  return where.has_value();
}

bool watchdog::look_at_arena(std::int64_t now_ns) noexcept {
  const offload::compute_load load = arena_.load();
  if (arena_stall_.look(load.steps, load.queued > 0, now_ns, arena_limit_ns_)) {
    // relaxed: as in set_compute_stall_hook().
    compute_hook.load(base::relaxed)({.waiting = load.queued,
                                      .running = load.running,
                                      .not_since = in_ms(arena_stall_.still_ns(now_ns))});
  }
  return load.queued > 0 || load.running > 0;
}

}  // namespace engine

}  // namespace dwell::inline v0
