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
  stopping_.store(1, base::relaxed);  // relaxed: nothing else is told, and the join orders the rest
  os::futex_wake(stopping_, 1);
  thread_.join();
}

void watchdog::thread_main() noexcept {
  std::int64_t shortest = os::never_ns;
  for (const std::int64_t limit : {worker_limit_ns_, arena_limit_ns_})
    if (limit != 0) shortest = std::min(shortest, limit);
  // relaxed: as in stop_thread().
  while (stopping_.load(base::relaxed) == 0) {
    const std::int64_t now = os::now_ns();
    look(now);
    static_cast<void>(os::futex_wait_until(stopping_, 0, now + shortest / 2));
  }
}

void watchdog::look(std::int64_t now_ns) noexcept {
  if (worker_limit_ns_ != 0)
    for (std::uint32_t i = 0; i < workers_.size(); ++i) look_at_worker(i, now_ns);
  if (arena_limit_ns_ != 0) look_at_arena(now_ns);
}

void watchdog::look_at_worker(std::uint32_t index, std::int64_t now_ns) noexcept {
  scheduler::worker& w = workers_.at(index);
  stall_detector& detector = worker_stalls_[index];
  const std::optional<std::source_location> where = w.running.get();
  const std::uint64_t polls = w.counters().polls.get();
  if (!detector.look(polls, where.has_value(), now_ns, worker_limit_ns_)) return;
  // relaxed: as in set_worker_stall_hook().
  worker_hook.load(base::relaxed)({.worker = index,
                                   .where = where.value_or(std::source_location{}),
                                   .not_since = in_ms(detector.still_ns(now_ns))});
}

void watchdog::look_at_arena(std::int64_t now_ns) noexcept {
  const offload::compute_load load = arena_.load();
  if (!arena_stall_.look(load.steps, load.queued > 0, now_ns, arena_limit_ns_)) return;
  // relaxed: as in set_compute_stall_hook().
  compute_hook.load(base::relaxed)({.waiting = load.queued,
                                    .running = load.running,
                                    .not_since = in_ms(arena_stall_.still_ns(now_ns))});
}

}  // namespace engine

}  // namespace dwell::inline v0
