// The reactor's side of the sockets: when they are looked at, and whom their events wake.
#include <algorithm>

#include <dwell/base/panic.hpp>
#include <dwell/os/clock.hpp>
#include <dwell/reactor/reactor.hpp>
#include <dwell/task/wait.hpp>

namespace dwell::inline v0::reactor {

namespace {
// How long sockets may lie unlooked at by workers that are busy.
constexpr std::int64_t glance_interval_ns = 100'000;
// A wait that is shorter is followed by another soon.
constexpr std::int64_t short_wait_ns = attendance::usual_patience_ns / 2;
// Looks that follow each other so soon on average need no alarm. A batch of events keeps its worker
// for half a millisecond.
constexpr std::int64_t prompt_gap_ns = attendance::long_patience_ns / 4;
constexpr std::int64_t looks_averaged = 64;
constexpr std::int64_t longest_gap_ns = looks_averaged * prompt_gap_ns;
static_assert(2 * os::poller::most_events <= core::wake_batch::capacity,
              "an event wakes a reader and a writer");
}  // namespace

socket_slot& reactor::add_socket(int fd) {
  if (!running_) [[unlikely]]
    base::panic("a socket", "needs real time: in a simulation use sim::network instead");
  socket_slot& slot = sockets_->add(fd);
  attend_briefly(attendance_.registered(os::now_ns()));
  return slot;
}

// With sockets a worker that finds the watchman in its place asks to be called: otherwise it would
// sleep on its futex, and the sockets would wait for the next ring.
bool reactor::enter() noexcept {
  return has_sockets() ? attendance_.take_or_be_called() : attendance_.take();
}

// While sockets are busy the alarm stays where a departure put it, somewhere ahead, instead of
// being moved away before each wait and back after it: two system calls for each event. When the
// sockets fall silent it rings once in vain.
bool reactor::alarm_may_stay(std::int64_t deadline_ns) const noexcept {
  return has_sockets() && left_at_ns_ - slept_at_ns_ < short_wait_ns &&
         attendance_.alarm_is_between(left_at_ns_, attendance_.after_patience(deadline_ns));
}

void reactor::begin_look(std::int64_t now_ns) noexcept {
  left_at_ns_ = now_ns;
  // relaxed: the attendant's own; see poll_due() for others.
  const std::int64_t gap_ns = now_ns - polled_at_ns_.load(base::relaxed);
  mean_gap_ns_ += (std::min(gap_ns, longest_gap_ns) - mean_gap_ns_) / looks_averaged;
}

// Workers come often enough by themselves. An alarm half a millisecond ahead would only be moved on
// and on, which costs some microseconds each time (twenty in a virtual machine): it is set well
// ahead. Should a chain keep its worker for long after all, the alarm comes late.
bool reactor::looked_at_promptly() const noexcept {
  return has_sockets() && mean_gap_ns_ < prompt_gap_ns;
}

std::int64_t reactor::soonest_useful_alarm(std::int64_t latest_ns) const noexcept {
  constexpr std::int64_t early_ns = attendance::usual_patience_ns / 2;
  const bool far_ahead =
      looked_at_promptly() && latest_ns <= left_at_ns_ + attendance::long_patience_ns;
  return far_ahead ? left_at_ns_ + early_ns : latest_ns - early_ns;
}

bool reactor::poll_due(std::int64_t now_ns) const noexcept {
  // relaxed: a guess; who takes the right to look decides.
  return has_sockets() && now_ns - polled_at_ns_.load(base::relaxed) >= glance_interval_ns;
}

core::wake_batch* reactor::glance() noexcept {
  if (!has_sockets()) return nullptr;
  const std::int64_t now = os::now_ns();
  if (!poll_due(now) || !attendance_.take()) return nullptr;
  core::wake_batch* fired = nullptr;
  begin_look(now);
  (void)advance(now, &fired);
  poll(&fired);
  leave();
  return fired;
}

// The time that has passed already: the poller looks and does not wait.
void reactor::poll(core::wake_batch** kept) noexcept {
  take_events(sockets_->poller().wait_until(0, events_), kept);
}

void reactor::take_events(std::size_t count, core::wake_batch** kept) noexcept {
  // relaxed: see poll_due().
  if (has_sockets()) polled_at_ns_.store(os::now_ns(), base::relaxed);
  core::wake_batch* batch = nullptr;
  for (std::size_t i = 0; i < count; ++i) {
    const os::ready_event& event = events_[i];
    socket_slot* const slot = sockets_->table().find(event.token);
    if (slot == nullptr) continue;
    // relaxed: ordered by announce(). Before it, or a reader could take a short read for the last.
    if (event.hung_up) slot->hung_up.store(true, base::relaxed);
    if (event.readable) wake(slot->read.announce(), batch);
    if (event.writable) wake(slot->write.announce(), batch);
  }
  counters_.events.add(count);
  if (batch != nullptr) hand_over(*batch, kept);
}

// Events cannot wait for a batch to come back, as timers can: the poller will not say them again.
// So without one the chain is woken here, which touches its frame.
void reactor::wake(core::frame_header* root, core::wake_batch*& batch) noexcept {
  if (root == nullptr) return;
  if (batch == nullptr) batch = batches_.take();
  if (batch != nullptr)
    batch->roots[batch->count++] = root;
  else if (core::wait* const queued = root->sleep.wake())
    exec_.submit(*queued);
}

}  // namespace dwell::inline v0::reactor
