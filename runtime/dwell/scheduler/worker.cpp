#include <algorithm>

#include <dwell/os/clock.hpp>
#include <dwell/os/entropy.hpp>
#include <dwell/scheduler/pool.hpp>
#include <dwell/scheduler/worker.hpp>
#include <dwell/task/join.hpp>
#include <dwell/task/wait.hpp>
#include <dwell/task/wake_batch.hpp>

namespace dwell::inline v0::scheduler {

using core::frame_header;
using core::work;

namespace {
constexpr std::size_t initial_capacity = 4096;
// A theft costs about two microseconds on either side, and each thing stolen the transfer of its
// frame there and back: a tiny task is run faster where it was made.
constexpr std::int64_t worthwhile_steal_ns = 20'000;
constexpr std::int64_t worthwhile_item_ns = 200;
// What is stolen at a time until that has proved worthwhile.
constexpr std::int64_t first_steal = 16;
constexpr std::int64_t shortest_nap_ns = 100'000;
constexpr std::int64_t longest_nap_ns = 800'000;
constexpr std::uint32_t naps_in_a_row = 4;
// A smaller batch stays with the worker that took it: waking another costs more than the few short
// turns that it holds. Should one of them be long, the reactor's watchman has the rest shared.
constexpr std::uint32_t shared_from = 24;

// The first two cache lines of a frame: what resuming a short chain touches.
void prefetch(const frame_header& root) noexcept {
  __builtin_prefetch(&root, 1);
  __builtin_prefetch(reinterpret_cast<const char*>(&root) + 64, 1);
}
}  // namespace

worker::worker(pool& owner, std::uint32_t index, const tuning& t)
    : run_context(owner),
      deque_(initial_capacity),
      random_(os::entropy() | 1),
      pool_(owner),
      index_(index),
      tuning_(t),
      steal_limit_(std::min<std::int64_t>(first_steal, t.steal_width)),
      nap_ns_(shortest_nap_ns),
      polls_until_fair_(t.fairness_interval),
      loot_(static_cast<std::size_t>(steal_width{}.most)) {}

bool worker::step() {
  const work w = next_work();
  if (!w) return false;
  run(w);
  return true;
}

// ---- Finding work ----

work worker::next_work() {
  if (fairness_due())
    if (const work w = overdue_work()) return w;
  if (lifo_ && lifo_run_ < tuning_.lifo_cap) {
    ++lifo_run_;
    return take_lifo();
  }
  lifo_run_ = 0;
  if (const work w = pop()) return w;
  if (lifo_) return take_lifo();
  return take_injected();
}

bool worker::fairness_due() noexcept {
  if (--polls_until_fair_ > 0) return false;
  polls_until_fair_ = tuning_.fairness_interval;
  return true;
}

// What may have waited too long, each kind in its turn: with a fixed order a stream of the first
// kind would starve the others wherever every poll is due.
work worker::overdue_work() noexcept {
  static constexpr source sources[] = {&worker::take_injected, &worker::take_oldest,
                                       &worker::take_lifo, &worker::take_ready};
  constexpr std::uint32_t kinds = 4;
  for (std::uint32_t i = 0; i < kinds; ++i) {
    const std::uint32_t kind = (overdue_turn_ + i) % kinds;
    const work w = (this->*sources[kind])();
    if (!w) continue;
    overdue_turn_ = (kind + 1) % kinds;
    return w;
  }
  return {};
}

work worker::take_oldest() noexcept { return work::from_bits(deque_.pop_oldest()); }

work worker::take_lifo() noexcept {
  if (!lifo_) return {};
  counters_.lifo_runs.add();
  return std::exchange(lifo_, {});
}

work worker::take_injected() noexcept {
  const work w = pool_.injected().pop();
  if (w) counters_.injected.add();
  return w;
}

work worker::take_ready() noexcept {
  core::idle_port* const port = pool_.idle_port();
  core::wake_batch* const ready = port != nullptr ? port->glance() : nullptr;
  return ready != nullptr ? work::of_batch(*ready) : work{};
}

work worker::search() {
  for (std::uint32_t round = 0; round <= tuning_.spin; ++round) {
    // The own deque too: pop() may have met a thief that was just deciding over the last item.
    if (const work w = pop()) return w;
    if (const work w = take_injected()) return w;
    if (const work w = steal_from_anyone()) return w;
    base::cpu_pause();
  }
  return {};
}

bool worker::wants_nap() noexcept {
  theft_ended();
  return naps_left_ > 0 && naps_left_-- > 0;
}

void worker::judge_theft() noexcept {
  const std::int64_t took_ns = os::now_ns() - std::exchange(stole_at_ns_, 0);
  const bool worthwhile = took_ns >= worthwhile_steal_ns + stole_count_ * worthwhile_item_ns;
  const std::int64_t width = tuning_.steal_width;
  steal_limit_ = worthwhile ? width : std::min(first_steal, width);
  nap_ns_ = worthwhile ? shortest_nap_ns : std::min(2 * nap_ns_, longest_nap_ns);
  if (!worthwhile) naps_left_ = naps_in_a_row;
}

void worker::called_in_vain() noexcept {
  if (naps_left_ == 0) naps_left_ = naps_in_a_row;
}

work worker::steal_from_anyone() noexcept {
  // Room first: stolen work cannot be put back.
  if (!try_reserve(steal_width{}.most)) return {};
  const std::uint32_t n = pool_.size();
  const std::uint32_t first = random_below(n);
  for (std::uint32_t i = 0; i < n; ++i) {
    worker& victim = pool_.at((first + i) % n);
    if (&victim == this) continue;
    if (const work w = steal_from(victim)) return w;
  }
  return {};
}

work worker::steal_from(worker& victim) noexcept {
  const std::int64_t count = victim.deque_.steal(loot_.data(), steal_limit_);
  if (count == 0) return {};
  stole_at_ns_ = os::now_ns();
  stole_count_ = count;
  counters_.steals.add();
  counters_.stolen.add(static_cast<std::uint64_t>(count));
  // Newest first, so that this worker goes on with the oldest, as it began.
  for (std::int64_t i = count - 1; i > 0; --i)
    deque_.push_reserved(loot_[static_cast<std::size_t>(i)]);
  return work::from_bits(loot_[0]);
}

std::uint32_t worker::random_below(std::uint32_t bound) noexcept {
  // xorshift64 (Marsaglia 2003): victims need to differ, not to be unpredictable.
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return static_cast<std::uint32_t>(random_ % bound);
}

// ---- Running it ----

void worker::run(work w) {
  switch (w.what()) {
    case work::kind::frame:
      return run_frame(w.frame());
    case work::kind::wait:
      return run_frame(w.waiting().leaf());
    case work::kind::root:
      if (core::wait* const claimed = w.frame().sleep.wake()) run_frame(claimed->leaf());
      return;
    case work::kind::batch:
      return run_batch(w.batch());
  }
}

void worker::run_batch(core::wake_batch& batch) {
  if (!try_reserve(batch.count)) {
    for (std::uint32_t i = 0; i < batch.count; ++i) run(work::of_root(*batch.roots[i]));
    return batch.recycle(batch);
  }
  // In reverse: the earliest deadline is popped first. The frames have been cold since their chains
  // went to sleep; they arrive while the ones before them run.
  for (std::uint32_t i = batch.count; i > 0; --i) {
    prefetch(*batch.roots[i - 1]);
    deque_.push_reserved(work::of_root(*batch.roots[i - 1]).bits());
  }
  const bool worth_sharing = batch.count > shared_from;
  batch.recycle(batch);
  if (worth_sharing) publish();
}

bool worker::try_reserve(std::int64_t count) noexcept {
  try {
    deque_.reserve(count);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

void worker::run_frame(frame_header& first) {
  resume(first);
  while (frame_header* const f = std::exchange(next, nullptr)) {
    if (make_way(*f)) break;
    resume(*f);
  }
  running.clear();
}

void worker::resume(frame_header& f) {
  counters_.polls.add();
  budget = core::transfer_budget;
  chain = f.root;
  running.set(f.where);
  if (f.is_root() && !f.started) [[unlikely]]
    begin(f);
  else
    f.handle().resume();
}

// A chain that keeps transferring must not keep other work waiting: it goes to the end of the line.
bool worker::make_way(frame_header& f) {
  if (!fairness_due()) return false;
  polls_until_fair_ =
      1;  // the tick is next_work()'s; it looks at the injector and at old work first
  if (pool_.injected().empty() && !has_more()) return false;
  core::detach_chain(*f.root);
  return pool_.requeue(f);
}

// A root that is to be skipped from the start is no coroutine at all: its join only wants to hear
// on a worker that its wait is over (scope/scope_join.hpp).
void worker::begin(frame_header& root) {
  root.started = true;
  if (!root.skipped && !root.joined().skips_new_chains()) [[likely]] {
    root.attached = root.joined().owner() == this;
    return root.handle().resume();
  }
  root.skipped = true;
  chain = nullptr;
  next = root.joined().chain_ended(root);
}

// ---- Queueing ----

void worker::publish() noexcept {
  if (pool_.idlers().notify_of_push()) counters_.wakeups.add();
}

void worker::submit_local(work w) noexcept {
  const work displaced = std::exchange(lifo_, w);
  if (!displaced) return;
  if (!try_reserve(1)) return pool_.inject(displaced);
  deque_.push_reserved(displaced.bits());
  publish();
}

}  // namespace dwell::inline v0::scheduler
