#include <algorithm>
#include <utility>

#include <dwell/os/clock.hpp>
#include <dwell/reactor/reactor.hpp>

namespace dwell::inline v0::reactor {

namespace {

constexpr std::size_t batch_count = 256;
// How soon to look again when every batch is with the workers.
constexpr std::int64_t starved_retry_ns = 50'000;
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
  reactor_.posted(deadline_ns);
  return ticket;
}

reactor::reactor(core::executor& exec, std::uint32_t workers, std::int64_t now_ns,
                 reactor_tuning tuning, std::unique_ptr<os::poller> poller)
    : exec_(exec),
      tuning_(tuning),
      sockets_(std::make_shared<socket_set>(std::move(poller))),
      wheel_(now_ns),
      batches_(batch_count),
      sweep_at_(fewest_worth_a_sweep) {
  for (std::uint32_t i = 0; i < workers; ++i) {
    shards_.push_back(std::make_unique<timer_shard>());
    ports_.emplace_back(*this, i);
  }
}

reactor::~reactor() { stop_thread(); }

// ---- The thread ----

void reactor::start_thread(const std::string& name, std::chrono::nanoseconds timer_slack) {
  has_slack_ = timer_slack.count() > 0;
  attendance_.allow_for_slack(timer_slack.count());
  thread_ = os::thread(name, [this, timer_slack] {
    if (!tuning_.attends_itself) return watch();
    os::set_timer_slack(timer_slack);
    attend();
  });
  running_ = true;
}

void reactor::stop_thread() noexcept {
  if (!running_) return;
  attendance_.dismiss();
  if (tuning_.attends_itself) ring();
  thread_.join();
  running_ = false;
}

void reactor::watch() noexcept {
  while (attendance_.sleep_until_alarm())
    if (must_attend(attendance_.alarm_rang())) look_in();
}

// The thread as the attendant for life: nobody else takes what it never gives back, so no alarm is
// needed in between.
void reactor::attend() noexcept {
  while (!attendance_.take()) os::yield_thread();  // who posted a timer first is about to leave
  while (!attendance_.dismissed()) {
    begin_look(os::now_ns());
    const std::int64_t next = advance(left_at_ns_, nullptr);
    return_freed();
    sleep_until(next_look(next), nullptr);
  }
  leave();
}

// As the attendant: does what has been left undone for too long.
void reactor::look_in() noexcept {
  take_posted();
  const std::int64_t now = os::now_ns();
  if (now >= overdue_at() || sweep_due()) {
    counters_.watches.add();
    const std::uint64_t before = counters_.batches.get();
    begin_look(now);
    (void)step(now);
    if (has_sockets()) poll(nullptr);
    unshared_ = exec_.nudge() || counters_.batches.get() != before;
  }
  leave();
  if (attendance_.was_refused()) exec_.call_idle();
}

// When the watchman has to look in, should nobody attend until then.
std::int64_t reactor::overdue_at() const noexcept {
  if (sweep_due()) return attendance::at_once;
  const bool prompt = looked_at_promptly();
  const bool minds_only_timers = prompt || !(unshared_ || has_sockets());
  const std::int64_t next = minds_only_timers ? wheel_.next_deadline() : left_at_ns_;
  const std::int64_t latest = attendance_.after_patience(std::max(next, left_at_ns_));
  return prompt ? std::min(latest, left_at_ns_ + attendance::long_patience_ns) : latest;
}

// ---- The attendant ----

// False when timers were posted meanwhile: they are in the wheel, and the alarm minds them too.
bool reactor::set_alarm(std::int64_t latest_ns) noexcept {
  bool final = true;
  while (attendance_.set_alarm(latest_ns, soonest_useful_alarm(latest_ns)) && !inboxes_empty()) {
    take_posted();
    latest_ns = std::min(latest_ns, overdue_at());
    final = false;
  }
  return final;
}

// Timers that came due while a step ran are served by the next wake-up of the kernel, one slack
// later, like all others; only without slack at once. Otherwise each wake-up would be followed by a
// batch of one or two.
std::int64_t reactor::next_look(std::int64_t next_ns) const noexcept {
  constexpr std::int64_t least_wait_ns = 5'000;
  return has_slack_ ? std::max(next_ns, left_at_ns_ + least_wait_ns) : next_ns;
}

core::wake_batch* reactor::wait(const base::atomic<std::uint32_t>& called) noexcept {
  core::wake_batch* fired = nullptr;
  for (;;) {
    begin_look(os::now_ns());
    const std::int64_t next = advance(left_at_ns_, &fired);
    if (poll_due(left_at_ns_)) poll(&fired);  // timers that are always due must not starve them
    if (fired != nullptr) break;
    return_freed();
    if (called.load(base::relaxed) != 0) break;  // relaxed: the caller looks again
    sleep_until(next_look(next), &fired);
    if (called.load(base::relaxed) != 0) break;  // relaxed: as above
  }
  unshared_ = fired != nullptr && fired->count > 1;
  return fired;
}

// A timer is pending until the worker that runs its batch counts as awake, or until the batch was
// submitted: so the deadlock report never finds everybody asleep and nothing pending in between.
void reactor::leave() noexcept {
  return_freed();
  (void)set_alarm(overdue_at());
  while (!attendance_.give_back()) {
    attendance_.acknowledge();
    take_posted();
    (void)set_alarm(overdue_at());
  }
}

// May return early: the caller looks again.
void reactor::sleep_until(std::int64_t deadline_ns, core::wake_batch** kept) noexcept {
  if (deadline_ns <= left_at_ns_) return;
  if (!tuning_.attends_itself && !alarm_may_stay(deadline_ns) &&
      !set_alarm(attendance_.after_patience(deadline_ns)))
    return;
  slept_at_ns_ = left_at_ns_;
  if (!attendance_.expect(deadline_ns)) return attendance_.acknowledge();
  std::size_t ready = 0;
  if (inboxes_empty() && !sweep_due()) {
    ready = sockets_->poller().wait_until(deadline_ns, events_);
    counters_.wakeups.add();
  }
  attendance_.wait_over(deadline_ns);
  take_events(ready, kept);
}

bool reactor::inboxes_empty() const noexcept {
  return std::all_of(shards_.begin(), shards_.end(),
                     [](const auto& shard) { return shard->inbox_empty(); });
}

void reactor::posted(std::int64_t deadline_ns) noexcept {
  attend_briefly(attendance_.posted(deadline_ns));
}

void reactor::attend_briefly(attendance::duty left) noexcept {
  if (!must_attend(left)) return;
  take_posted();
  leave();
}

bool reactor::must_attend(attendance::duty left) noexcept {
  if (left == attendance::duty::kick) ring();
  return left == attendance::duty::attend;
}

// ---- One step ----

std::int64_t reactor::step(std::int64_t now_ns) noexcept {
  const std::int64_t next = advance(now_ns, nullptr);
  return_freed();
  return next;
}

// With `kept` the first batch goes there instead of to the executor.
std::int64_t reactor::advance(std::int64_t now_ns, core::wake_batch** kept) noexcept {
  take_posted();
  const bool all_fired = fire_due(now_ns, kept);
  if (sweep_due()) sweep();
  return all_fired ? wheel_.next_deadline() : now_ns + starved_retry_ns;
}

void reactor::return_freed() noexcept {
  for (const auto& shard : shards_) shard->return_freed();
}

void reactor::take_posted() noexcept {
  for (std::uint32_t i = 0; i < shards_.size(); ++i)
    if (!shards_[i]->inbox_empty()) shards_[i]->drain(wheel_, payload_of(i));
  // Dead timers are worth a sweep when they outnumber the live ones.
  sweep_at_.store(std::max(fewest_worth_a_sweep, static_cast<std::int64_t>(wheel_.size() / 2)),
                  base::relaxed);  // relaxed: a hint to cancel()
}

// Full batches leave while the rest is still being collected. False when batches ran out.
bool reactor::fire_due(std::int64_t now_ns, core::wake_batch** kept) noexcept {
  firing_at_ns_ = now_ns;
  const bool all = wheel_.expire(now_ns, [&](const wheel::entry& e) { return collect(e, kept); });
  fire_collected(kept);
  return all;
}

// In two passes: a cell was last touched when it was armed, and arrives from memory while others
// are being collected.
bool reactor::collect(const wheel::entry& due, core::wake_batch** kept) noexcept {
  if (due_count_ == tuning_.batch) fire_collected(kept);
  if (due_count_ == 0 && batches_.exhausted()) return false;
  __builtin_prefetch(&shards_[shard_of(due.payload)]->cell(cell_of(due.payload)));
  due_[due_count_++] = due;
  return true;
}

void reactor::fire_collected(core::wake_batch** kept) noexcept {
  if (due_count_ == 0) return;
  core::wake_batch& batch = *batches_.take();
  for (std::uint32_t i = 0; i < due_count_; ++i) {
    core::frame_header* const root = fire(due_[i].payload);
    if (root == nullptr) continue;
    batch.roots[batch.count++] = root;
    lateness_.add(firing_at_ns_ - due_[i].deadline_ns);
  }
  counters_.dropped.add(due_count_ - batch.count);
  due_count_ = 0;
  if (batch.count == 0) return batch.recycle(batch);
  counters_.fired.add(batch.count);
  hand_over(batch, kept);
}

void reactor::hand_over(core::wake_batch& batch, core::wake_batch** kept) noexcept {
  counters_.batches.add();
  if (kept != nullptr && *kept == nullptr)
    *kept = &batch;
  else
    exec_.submit(batch);
}

// The root to wake, or null if the timer was cancelled.
core::frame_header* reactor::fire(std::uint64_t payload) noexcept {
  timer_shard& shard = *shards_[shard_of(payload)];
  core::frame_header* const root = shard.cell(cell_of(payload)).fire();
  shard.free_cell(cell_of(payload));
  if (root == nullptr) dead_.fetch_sub(1, base::relaxed);  // relaxed: return_freed() orders it
  return root;
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
  dead_.fetch_add(1, base::relaxed);  // relaxed: posted() orders it
  if (sweep_due()) posted(attendance::at_once);
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
