// Who looks after timers and sockets now, and who must be told of a timer that is due sooner than
// they know.
//
// One thread at a time may touch the wheel and wait in the poller: the *attendant*. A worker that
// has nothing to run becomes it, waits for the next deadline or socket, and runs itself what woke:
// one wake-up of the kernel for each batch, and no hand-over. It leaves to run chains, and then
// nobody attends. In case that lasts, an alarm is set for the *watchman*, a thread of the reactor's
// own; whoever attends next moves it on before it rings, so he hardly ever wakes.
//
//       nobody ──take()──▶ awake ──expect()──▶ a time: waits until then
//          ▲                │ │ ▲ ◀──wait_over()────────┘ │
//          └──give_back()───┘ │ │ acknowledge()           │ and a kick
//                             ▼ │                         │
//                         awake, told ◀───────────────────┘
//
// "Told" means: a timer was posted that is due before the attendant or the alarm would see to it,
// or the alarm has rung. The attendant can neither leave nor wait before it has acknowledged that,
// and then it takes in what was posted and sets the alarm anew.
//
// Invariant: the poller wakes the attendant, or the alarm rings, no later than `patience` after the
// deadline of any timer that was posted; and while sockets are registered and nobody waits in the
// poller, no later than `patience` after somebody last looked, or `long_patience` if workers have
// come by themselves for a while.
//
// Both sides write one thing, fence, and read the other's, so that one of them sees the other:
//   * post a timer, fence, read the word    against  expect(), fence, look at the inboxes
//   * post a timer, fence, read the alarm   against  set a later alarm, fence, look at the inboxes
// Whoever posts a timer that nobody expects, and the watchman when the alarm rings, changes the
// word: it becomes the attendant itself, or tells the one there is.
//
// A registered socket counts as such a timer (registered()). And a worker that finds the right
// taken says so, fences and tries again, against: give the right back, fence, ask who was refused.
//
// Full fences on both sides: a sleep is no place to save twenty cycles, and a heavy one would
// interrupt the workers at every batch.
//
// Not the default: a thread that always attends and hands every batch to a worker (two wake-ups for
// each batch, nearly twice the processor time for a wait; settings::reactor). Rejected for
// timers: busy workers that look at the clock (a chain that does not suspend looks at nothing); a
// watchman who looks in every half a millisecond (a tenth of what a wait costs). Sockets have both,
// while workers are busy: nobody knows when they become ready.
#pragma once

#include <cstdint>

#include <dwell/base/atomic.hpp>
#include <dwell/base/cache_line.hpp>
#include <dwell/os/alarm.hpp>

namespace dwell::inline v0::reactor {

class attendance {
 public:
  /// How long due timers may lie unattended, when nobody waits for them to come due late.
  static constexpr std::int64_t usual_patience_ns = 500'000;

  /// The same for sockets, while workers look at them often enough without an alarm.
  static constexpr std::int64_t long_patience_ns = 8 * usual_patience_ns;

  /// Earlier than any deadline.
  static constexpr std::int64_t at_once = INT64_MIN / 2;

  /// A time this much later, or never.
  [[nodiscard]] std::int64_t after_patience(std::int64_t time_ns) const noexcept {
    return time_ns > INT64_MAX - patience_ns_ ? INT64_MAX : time_ns + patience_ns_;
  }

  /// The kernel may wake the attendant this much after its deadline: the watchman must not take
  /// that for neglect. Before anybody attends.
  void allow_for_slack(std::int64_t slack_ns) noexcept {
    patience_ns_ = usual_patience_ns + slack_ns;
  }

  /// Nobody → awake. False: somebody attends.
  [[nodiscard]] bool take() noexcept {
    std::int64_t seen = word_.load(base::relaxed);  // relaxed: a look before the exchange
    // acquire: pairs with the release in give_back(): the wheel is as the last attendant left it.
    return seen == nobody &&
           word_.compare_exchange_strong(seen, awake, base::acquire, base::relaxed);
  }

  /// Refused in a look by somebody who goes to sleep now: whoever holds the right and does not keep
  /// it, the watchman, is asked to call back. As take() otherwise.
  [[nodiscard]] bool take_or_be_called() noexcept {
    if (take()) return true;
    refused_.store(true, base::relaxed);  // relaxed: ordered by the fence
    base::fence(base::seq_cst);           // pairs with the one in was_refused()
    return take();
  }

  // ---- The attendant ----

  /// Sees to it that the alarm rings by `latest_ns`, and not before `earliest_ns`, so that it need
  /// not be moved again soon. True when it was moved to a later time: look at the inboxes then.
  bool set_alarm(std::int64_t latest_ns, std::int64_t earliest_ns) noexcept {
    const std::int64_t set_for = alarm_at_.load(base::relaxed);  // relaxed: the attendant's own
    if (earliest_ns <= set_for && set_for <= latest_ns) return false;
    alarm_at_.store(latest_ns, base::relaxed);  // relaxed: ordered by the fence
    alarm_.set(latest_ns);
    // Ordered by the alarm, whose settings come one after the other.
    if (dismissed()) alarm_.set(at_once);
    base::fence(base::seq_cst);  // pairs with the one in posted()
    return latest_ns > set_for;
  }

  /// About to wait until `deadline_ns`: look at the inboxes, wait, and then call wait_over(). False
  /// when it was told of something: acknowledge() it instead.
  [[nodiscard]] bool expect(std::int64_t deadline_ns) noexcept {
    std::int64_t seen = awake;
    // relaxed: ordered by the fence.
    const bool done =
        word_.compare_exchange_strong(seen, deadline_ns, base::relaxed, base::relaxed);
    base::fence(base::seq_cst);  // pairs with the one in posted()
    return done;
  }
  void wait_over(std::int64_t deadline_ns) noexcept {
    // relaxed: whoever was faster left something to acknowledge.
    word_.compare_exchange_strong(deadline_ns, awake, base::relaxed, base::relaxed);
  }
  /// Awake → nobody. False as with expect().
  [[nodiscard]] bool give_back() noexcept {
    std::int64_t seen = awake;
    // release: pairs with the acquire in take() and tell(). relaxed on failure: see acknowledge().
    return word_.compare_exchange_strong(seen, nobody, base::release, base::relaxed);
  }
  /// After give_back(): whether somebody was refused since the last such question.
  [[nodiscard]] bool was_refused() noexcept {
    base::fence(base::seq_cst);  // pairs with the one in take_or_be_called()
    // relaxed, both: ordered by the fence, and the exchange chooses one of several who ask.
    return refused_.load(base::relaxed) && refused_.exchange(false, base::relaxed);
  }
  /// Whether the alarm is set, for a time after `now_ns` and no later than `latest_ns`.
  [[nodiscard]] bool alarm_is_between(std::int64_t now_ns, std::int64_t latest_ns) const noexcept {
    const std::int64_t set_for = alarm_at_.load(base::relaxed);  // relaxed: the attendant's own
    return now_ns < set_for && set_for <= latest_ns;
  }
  /// Told → awake. Look at the inboxes and set the alarm afterwards.
  void acknowledge() noexcept {
    // relaxed: nobody else changes what is told, and the fence in set_alarm(), which is certain to
    // move the alarm now, orders the look at the inboxes.
    word_.store(awake, base::relaxed);
    alarm_at_.store(at_once, base::relaxed);  // relaxed: the attendant's own; it may have rung
  }

  // ---- Whoever posted a timer ----

  /// What is left to do for whoever posted a timer.
  enum class duty : std::uint8_t { none, kick, attend };

  /// A timer was posted. `kick`: the attendant's wait must be ended. `attend`: the caller has
  /// become the attendant, and sets the alarm.
  [[nodiscard]] duty posted(std::int64_t deadline_ns) noexcept {
    return unless_in_time(deadline_ns, deadline_ns);
  }

  /// A socket was registered: as posted(), but whoever waits in the poller, until whenever, minds
  /// it already, and otherwise somebody must come within the longer patience.
  [[nodiscard]] duty registered(std::int64_t now_ns) noexcept {
    return unless_in_time(INT64_MAX, now_ns + long_patience_ns - usual_patience_ns);
  }

  // ---- The watchman ----

  /// Sleeps until the alarm rings. False: dismissed.
  [[nodiscard]] bool sleep_until_alarm() noexcept {
    alarm_.wait();
    return !dismissed();
  }
  /// The alarm rang. As posted().
  [[nodiscard]] duty alarm_rang() noexcept { return tell(); }
  /// Relaxed: whoever is told to look, by the alarm or by a kick, sees it.
  [[nodiscard]] bool dismissed() const noexcept { return dismissed_.load(base::relaxed); }
  /// Ends his work; nobody may move away the alarm that tells him so.
  void dismiss() noexcept {
    dismissed_.store(true, base::relaxed);  // relaxed: as in set_alarm()
    alarm_.set(at_once);
  }

 private:
  static constexpr std::int64_t nobody = INT64_MIN;
  static constexpr std::int64_t awake = INT64_MIN + 1;
  static constexpr std::int64_t awake_told = INT64_MIN + 2;

  // An attendant that waits until `waited_ns` at the latest is in time, and so is an alarm that
  // rings within the patience of `alarmed_ns`.
  [[nodiscard]] duty unless_in_time(std::int64_t waited_ns, std::int64_t alarmed_ns) noexcept {
    base::fence(base::seq_cst);  // pairs with the ones in expect() and set_alarm()
    // relaxed, both: ordered by the fence.
    const std::int64_t seen = word_.load(base::relaxed);
    const bool in_time = seen > awake_told
                             ? waited_ns >= seen
                             : after_patience(alarmed_ns) >= alarm_at_.load(base::relaxed);
    return in_time ? duty::none : tell();
  }

  [[nodiscard]] duty tell() noexcept {
    std::int64_t seen = word_.load(base::relaxed);  // relaxed: a guess
    while (seen != awake_told) {
      const bool free = seen == nobody;
      // acquire: as in take().
      if (!word_.compare_exchange_weak(seen, free ? awake : awake_told, base::acquire,
                                       base::relaxed))
        continue;
      if (free) alarm_at_.store(at_once, base::relaxed);  // relaxed: as in acknowledge()
      return free ? duty::attend : seen == awake ? duty::none : duty::kick;
    }
    return duty::none;
  }

  std::int64_t patience_ns_ = usual_patience_ns;
  alignas(base::cache_line) base::atomic<std::int64_t> word_{nobody};
  base::atomic<std::int64_t> alarm_at_{INT64_MAX};
  base::atomic<bool> dismissed_{false};
  base::atomic<bool> refused_{false};
  os::alarm alarm_;
};

}  // namespace dwell::inline v0::reactor
