// The sleeping protocol: the one way in which a chain waits for anything.
//
// A chain that waits and the two parties that may end the wait (the source, which wakes; a
// canceller) agree through one word in the chain's root. The word holds a state and, while somebody
// other than the sleeper may need it, the address of the `wait` in the sleeping leaf.
//
//              arm()              commit()                   wake()
//     running ───────▶ arming ────────────────▶ parked ──────────────────────▶ queued ─▶ running
//        ▲              │   │                   │    ▲                           ▲    resumed()
//        │        wake()│   │try_cancel()  try_ │    │ abort: no                 │
//        │              │   ▼           cancel()▼    │                           │
//        │              │  arming_    ───────▶ aborting ──── abort: yes ─────────┤ the canceller
//        │              │  cancelled   commit()    │                             │ submits
//        │              ▼   │wake()                │wake()                       │
//        └──────────── woken ◀                     └──────▶ abort_woken ─────────┘
//           commit(): never slept
//
// Rules:
//  1. Exactly one caller brings the word into `queued`, and it alone submits the leaf.
//  2. A source calls wake() at most once for a wait, and never after its abort said yes.
//  3. In `aborting` the frame is pinned: a wake only leaves a note, so the canceller may touch the
//     wait. abort → yes: the source will never touch this wait again. abort → no: the wake is
//     certain to come, and the canceller hands the wait back to it.
//  4. After commit() returned `parked` the sleeper touches nothing of its frame: it may be running
//     elsewhere, or be gone.
//
// Every transition out of a state that two parties can see is a compare-exchange on this one word,
// so the modification order of the word alone decides who won; the orderings below only publish the
// frame with it.
//
// Rejected: separate words for source and canceller (needs a third party to break ties), and a
// canceller that resumes the sleeper itself (runs user code under the canceller's locks).
#pragma once

#include <cstdint>

#include <dwell/base/atomic.hpp>
#include <dwell/base/panic.hpp>

namespace dwell::inline v0::core {

class wait;

class sleep_word {
 public:
  /// How commit() ended, and what the sleeper does now.
  enum class commit_result : std::uint8_t {
    parked,     // asleep: return to the worker, touch nothing
    woken,      // the source was faster: go on
    cancelled,  // claimed for a cancel: abort the source, then finish_abort_by_sleeper()
  };

  /// Sleeper: announces `w`. The scope's cancelled flag is read after this and a light fence.
  void arm(wait& w) noexcept {
    // relaxed: the source learns of the chain through its own registration, which publishes; a
    // canceller that reads `arming` touches nothing but this word.
    word_.store(pack(&w, arming), base::relaxed);
  }

  /// arm() and commit() at once, for what sleeps without running: before the source knows of it.
  void park(wait& w) noexcept {
    // relaxed: as in arm(); the registration publishes the frame, too.
    word_.store(pack(&w, parked), base::relaxed);
  }

  /// Sleeper: gives up an armed wait that no source knows yet.
  void disarm() noexcept {
    word_.store(running, base::relaxed);  // relaxed: only this chain reads its own `running`
  }

  /// Sleeper: the source is registered, go to sleep unless something happened meanwhile.
  [[nodiscard]] commit_result commit(wait& w) noexcept {
    std::uintptr_t seen = pack(&w, arming);
    // release: publishes the whole frame to whoever claims it from `parked` (acquire in wake() and
    // try_cancel()). acquire on failure: pairs with the release of the wake() that left `woken`.
    if (word_.compare_exchange_strong(seen, pack(&w, parked), base::release, base::acquire))
      return commit_result::parked;
    if (state_of(seen) == arming_cancelled &&
        word_.compare_exchange_strong(seen, pack(&w, aborting), base::acquire, base::acquire))
      return commit_result::cancelled;
    DWELL_ASSERT(state_of(seen) == woken, "only a wake or a cancel meets an arming sleeper");
    word_.store(running, base::relaxed);  // relaxed: as in disarm()
    return commit_result::woken;
  }

  /// Source: the wait is over. Returns the wait whose leaf the caller must submit, or null when
  /// somebody else will see to it.
  [[nodiscard]] wait* wake() noexcept {
    // relaxed: a first guess for the compare-exchange, which decides.
    std::uintptr_t seen = word_.load(base::relaxed);
    for (;;) {
      const std::uintptr_t next = after_wake(seen);
      // release: what the source wrote (a value, say) reaches the sleeper, through `woken` or
      // `abort_woken`. acquire: pairs with the release in commit(); the caller resumes the frame.
      if (word_.compare_exchange_weak(seen, next, base::acq_rel, base::relaxed))
        return state_of(next) == queued ? wait_of(next) : nullptr;
    }
  }

  /// Canceller: claims a sleeping chain. Non-null: the frame is pinned; abort its source, then call
  /// finish_abort(). Null: it is not asleep, and sees the scope's flag or this mark by itself.
  [[nodiscard]] wait* try_cancel() noexcept {
    std::uintptr_t seen = word_.load(base::relaxed);  // relaxed: as in wake()
    for (;;) {
      const std::uintptr_t state = state_of(seen);
      if (state != arming && state != parked) return nullptr;
      const std::uintptr_t next =
          state == arming ? with(seen, arming_cancelled) : with(seen, aborting);
      // acquire: pairs with the release in commit(); the caller reads the wait. (On `arming` the
      // caller touches nothing.)
      if (word_.compare_exchange_weak(seen, next, base::acquire, base::relaxed))
        return state == parked ? wait_of(next) : nullptr;
    }
  }

  /// Canceller: after abort() answered. True: the caller must submit the wait's leaf.
  [[nodiscard]] bool finish_abort(wait& w, bool aborted) noexcept {
    std::uintptr_t seen = pack(&w, aborting);
    const std::uintptr_t next = pack(&w, aborted ? queued : parked);
    // release: publishes the canceller's note in the wait, and re-publishes the frame when it goes
    // back to `parked`. acquire on failure: pairs with the release of the wake() that came between.
    if (word_.compare_exchange_strong(seen, next, base::acq_rel, base::acquire)) return aborted;
    DWELL_ASSERT(!aborted && state_of(seen) == abort_woken, "an aborted source never wakes");
    word_.store(pack(&w, queued), base::relaxed);  // relaxed: nobody else moves `abort_woken`
    return true;
  }

  /// Sleeper: after commit() said `cancelled` and abort() answered. True: go on, the wait ended
  /// (aborted, or woken meanwhile). False: asleep until the wake that is certain to come.
  [[nodiscard]] bool finish_abort_by_sleeper(wait& w, bool aborted) noexcept {
    if (aborted || finish_abort(w, false)) {
      word_.store(running, base::relaxed);  // relaxed: as in disarm()
      return true;
    }
    return false;
  }

  /// Worker: the leaf is about to run.
  void resumed() noexcept {
    word_.store(running, base::relaxed);  // relaxed: as in disarm()
  }

  /// The wait this chain sleeps in, or null. For dumps, of chains that nobody can wake meanwhile.
  [[nodiscard]] wait* sleeping_in() const noexcept {
    // acquire: pairs with the release in commit().
    const std::uintptr_t seen = word_.load(base::acquire);
    return state_of(seen) == parked ? wait_of(seen) : nullptr;
  }

 private:
  static constexpr std::uintptr_t running = 0;
  static constexpr std::uintptr_t arming = 1;
  static constexpr std::uintptr_t arming_cancelled = 2;
  static constexpr std::uintptr_t woken = 3;
  static constexpr std::uintptr_t parked = 4;
  static constexpr std::uintptr_t aborting = 5;
  static constexpr std::uintptr_t abort_woken = 6;
  static constexpr std::uintptr_t queued = 7;
  static constexpr std::uintptr_t state_mask = 7;

  static std::uintptr_t pack(wait* w, std::uintptr_t state) noexcept {
    return reinterpret_cast<std::uintptr_t>(w) | state;
  }
  static std::uintptr_t with(std::uintptr_t word, std::uintptr_t state) noexcept {
    return (word & ~state_mask) | state;
  }
  static std::uintptr_t state_of(std::uintptr_t word) noexcept { return word & state_mask; }
  static wait* wait_of(std::uintptr_t word) noexcept {
    return reinterpret_cast<wait*>(word & ~state_mask);
  }

  static std::uintptr_t after_wake(std::uintptr_t seen) noexcept {
    switch (state_of(seen)) {
      case arming:
      case arming_cancelled:  // the wake is the fact, the cancel only a wish
        return with(seen, woken);
      case parked:
        return with(seen, queued);
      case aborting:
        return with(seen, abort_woken);
      default:
        base::panic("sleep_word", "a source woke a chain that does not wait for it");
    }
  }

  base::atomic<std::uintptr_t> word_{running};
};

}  // namespace dwell::inline v0::core
