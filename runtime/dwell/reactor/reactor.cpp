#include <algorithm>
#include <utility>

#include <dwell/os/clock.hpp>
#include <dwell/reactor/reactor.hpp>

namespace dwell::inline v0::reactor {

namespace {

constexpr std::size_t batch_count = 256;
// How soon to look again when every batch is with the workers.
constexpr std::int64_t starved_retry_ns = 50'000;
// How long a small batch may be one worker's alone.
constexpr std::int64_t nudge_after_ns = 100'000;
constexpr std::int64_t fewest_worth_a_sweep = 1024;

constexpr std::uint64_t payload_of(std::uint32_t shard) { return std::uint64_t{shard} << 32; }
constexpr std::uint32_t shard_of(std::uint64_t payload) {
  return static_cast<std::uint32_t>(payload >> 32);
}
constexpr std::uint32_t cell_of(std::uint64_t payload) {
  return static_cast<std::uint32_t>(payload);
}

}  // namespace

void timer_port::reserve() {
  timer_shard& shard = *reactor_.shards_[shard_];
  if (!shard.has_free_cell()) shard.add_chunk();
}

timer_ticket timer_port::arm(core::frame_header& root, std::int64_t deadline_ns) noexcept {
  const timer_ticket ticket = reactor_.shards_[shard_]->arm(root, deadline_ns);
  reactor_.kick_before(deadline_ns);
  return ticket;
}

reactor::reactor(core::executor& exec, std::uint32_t workers, std::int64_t now_ns)
    : exec_(exec), wheel_(now_ns), batches_(batch_count), sweep_at_(fewest_worth_a_sweep) {
  for (std::uint32_t i = 0; i < workers; ++i) {
    shards_.push_back(std::make_unique<timer_shard>());
    ports_.emplace_back(*this, i);
  }
}

reactor::~reactor() { stop_thread(); }

// ---- The thread ----

void reactor::start_thread(const std::string& name, std::chrono::nanoseconds timer_slack) {
  thread_ = os::thread(name, [this, timer_slack] {
    os::set_timer_slack(timer_slack);
    thread_main(timer_slack.count() > 0);
  });
  running_ = true;
}

void reactor::stop_thread() noexcept {
  if (!running_) return;
  stopping_.store(true, base::relaxed);  // relaxed: the kick orders it
  poller_.kick();
  thread_.join();
  running_ = false;
  stopping_.store(false, base::relaxed);  // relaxed: no thread is left
}

// Timers that came due while a step ran are served by the next wake-up of the kernel, one slack
// later, like all others; only without slack at once. Otherwise each wake-up would be followed by a
// step for one or two timers, and a worker woken for them.
void reactor::thread_main(bool has_slack) noexcept {
  constexpr std::int64_t least_wait_ns = 1'000;
  // relaxed: the kick that follows the store ends the wait.
  while (!stopping_.load(base::relaxed)) {
    const std::int64_t next = step(os::now_ns());
    sleep_until(has_slack ? std::max(next, os::now_ns() + least_wait_ns) : next);
  }
}

void reactor::sleep_until(std::int64_t deadline_ns) noexcept {
  if (deadline_ns <= os::now_ns()) return;
  wake_at_.store(deadline_ns, base::relaxed);  // relaxed: ordered by the fence
  // Pairs with the fence in kick_before(): it sees when we wake, or we see its timer. Full fences
  // on both sides: a sleep is no place to save twenty cycles, and a heavy one would interrupt the
  // workers at every batch.
  base::fence(base::seq_cst);
  if (inboxes_empty() && !sweep_due()) {
    poller_.wait_until(deadline_ns);
    counters_.wakeups.add();
  }
  wake_at_.store(INT64_MIN, base::relaxed);  // relaxed: at worst somebody kicks in vain
}

bool reactor::inboxes_empty() const noexcept {
  return std::all_of(shards_.begin(), shards_.end(),
                     [](const auto& shard) { return shard->inbox_empty(); });
}

void reactor::kick_before(std::int64_t deadline_ns) noexcept {
  base::fence(base::seq_cst);                         // pairs with the fence in sleep_until()
  std::int64_t wakes = wake_at_.load(base::relaxed);  // relaxed: ordered by the fence
  // relaxed: the exchange only chooses who kicks; the kick itself orders.
  if (deadline_ns < wakes && wake_at_.compare_exchange_strong(wakes, INT64_MIN, base::relaxed))
    poller_.kick();
}

// ---- One step ----

std::int64_t reactor::step(std::int64_t now_ns) {
  take_posted();
  nudge_if_due(now_ns);
  const bool all_fired = fire_due(now_ns);
  if (sweep_due()) sweep();
  for (const auto& shard : shards_) shard->return_freed();
  const std::int64_t next = all_fired ? wheel_.next_deadline() : now_ns + starved_retry_ns;
  return std::min(next, nudge_at_ns_);
}

void reactor::nudge_if_due(std::int64_t now_ns) noexcept {
  if (now_ns < nudge_at_ns_) return;
  nudge_at_ns_ = exec_.nudge() ? now_ns + nudge_after_ns : INT64_MAX;
}

void reactor::take_posted() noexcept {
  for (std::uint32_t i = 0; i < shards_.size(); ++i)
    if (!shards_[i]->inbox_empty()) shards_[i]->drain(wheel_, payload_of(i));
  // Dead timers are worth a sweep when they outnumber the live ones.
  sweep_at_.store(std::max(fewest_worth_a_sweep, static_cast<std::int64_t>(wheel_.size() / 2)),
                  base::relaxed);  // relaxed: a hint to cancel()
}

// Full batches leave while the rest is still being collected. False when batches ran out.
bool reactor::fire_due(std::int64_t now_ns) noexcept {
  core::wake_batch* batch = nullptr;
  const bool all =
      wheel_.expire(now_ns, [&](const wheel::entry& e) { return collect(e.payload, batch); });
  if (batch != nullptr) {
    if (batch->count > 1) nudge_at_ns_ = std::min(nudge_at_ns_, now_ns + nudge_after_ns);
    submit(batch);
  }
  return all;
}

bool reactor::collect(std::uint64_t payload, core::wake_batch*& batch) noexcept {
  if (batch == nullptr && (batch = batches_.take()) == nullptr) return false;
  timer_shard& shard = *shards_[shard_of(payload)];
  core::frame_header* const root = shard.cell(cell_of(payload)).fire();
  shard.free_cell(cell_of(payload));
  if (root == nullptr) {
    dead_.fetch_sub(1, base::relaxed);  // relaxed: return_freed() orders it
    counters_.dropped.add();
    return true;
  }
  batch->roots[batch->count++] = root;
  if (batch->count == core::wake_batch::capacity) submit(batch);
  return true;
}

void reactor::submit(core::wake_batch*& batch) noexcept {
  core::wake_batch& full = *std::exchange(batch, nullptr);
  if (full.count == 0) return full.recycle(full);
  counters_.fired.add(full.count);
  counters_.batches.add();
  exec_.submit(full);
}

bool reactor::sweep_due() const noexcept {
  // relaxed: a threshold; the sweep itself reads each cell.
  return dead_.load(base::relaxed) >= sweep_at_.load(base::relaxed);
}

void reactor::sweep() noexcept {
  std::int64_t swept = 0;
  wheel_.remove_if([&](std::uint64_t payload) {
    timer_shard& shard = *shards_[shard_of(payload)];
    if (!shard.cell(cell_of(payload)).was_cancelled()) return false;
    shard.free_cell(cell_of(payload));
    ++swept;
    return true;
  });
  dead_.fetch_sub(swept, base::relaxed);  // relaxed: return_freed() orders it
  counters_.dropped.add(static_cast<std::uint64_t>(swept));
  counters_.sweeps.add();
}

// ---- Anyone ----

bool reactor::cancel(std::uint32_t shard, timer_ticket ticket) noexcept {
  if (!shards_[shard]->cell(ticket.cell).cancel(ticket.generation)) return false;
  dead_.fetch_add(1, base::relaxed);  // relaxed: kick_before() orders it
  if (sweep_due()) kick_before(INT64_MIN + 1);
  return true;
}

std::int64_t reactor::pending_timers() const noexcept {
  std::int64_t pending = 0;
  for (const auto& shard : shards_) pending += shard->pending();
  // A cancelled timer will wake nobody, wherever its entry still is. Read last: one that left the
  // wheel meanwhile is then counted too often rather than taken away twice.
  base::fence(base::acquire);  // pairs with the fence in timer_shard::return_freed()
  return pending - dead_.load(base::relaxed);  // relaxed: ordered by the fence
}

}  // namespace dwell::inline v0::reactor
