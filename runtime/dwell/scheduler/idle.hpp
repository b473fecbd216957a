// Who sleeps, who searches, and why no work is ever left lying while a worker sleeps.
//
// A worker is busy, searching (awake without work), napping or sleeping. The last three are counted
// in one word, written under a lock and read without:
//
//      searching (bits 32..47) | napping (bits 16..31) | sleeping (bits 0..15)
//
// A nap is a short sleep that ends by itself. It is for a worker that was just called or just stole
// in vain: where tasks are tiny, waking a worker and being robbed by it cost the spawner more than
// the tasks do. So while somebody naps, work pushed to a deque wakes nobody (the napper comes and
// looks), and work from outside wakes the napper.
//
// Invariant (W): if there is work in some queue and a worker sleeps, then a worker is searching (or
// napping, if the work is in a deque or was put back by a worker), or somebody who made work
// visible has not finished notifying yet, or a worker that announced its sleep has not finished its
// re-check yet, or the work is a batch that its worker keeps to itself until it is nudged
// (core::executor).
//
// Why it holds. A submitter makes its work visible, fences, and reads the word. A worker that gives
// up counts itself as sleeping and no longer as searching in one step (announce), fences, and looks
// at every queue once more before it blocks. These are store-load fences, so of such a pair at
// least one sees the other:
//   * the submitter sees nobody searching and a sleeper: it wakes one, who starts out searching;
//   * the submitter sees a searcher: if that one goes to sleep later, its re-check comes after its
//     announcement, which came after the submitter's read, which came after the work was visible:
//     the re-check finds the work;
//   * the submitter sees no sleeper: a worker that announces later re-checks later, as above.
// A searcher that finds work and was the last one passes the duty on, since submitters may have
// relied on it for more work than it took: it leaves `searching`, fences, looks at the queues, and
// notifies if it sees work (found_work()); the same pairing again.
//
// Which fences. A worker that pushes to its deque does so all the time: it fences lightly, and
// whoever pairs with it must fence heavily. Everybody else fences fully on both sides. A worker
// about to sleep pairs with pushing workers only if some worker is busy: if all others search, nap
// or sleep, what they pushed before is ordered by the lock, and what they push later finds this one
// asleep. announce() and found_work() say which fence is due.
//
// Acquire and release are not enough: both sides write one location and then read another.
//
// At most half of the workers search at a time, so a burst of small tasks does not keep the whole
// machine spinning.
//
// A sleeper may wait in the idle port (in the reactor) instead of on its futex: `in_port` says so,
// under the lock, and its waker rings there. It is the last to be woken, so that somebody goes on
// attending to the port.
//
// Rejected: waking a worker for each submission (every spawn would be a system call), and a bitmap
// of sleepers claimed bit by bit (a sleeper that changes its mind while another's wake-up picks its
// bit needs a third state; under a lock, taken only when somebody really sleeps or wakes, it is two
// lines).
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include <dwell/base/atomic.hpp>
#include <dwell/base/cache_line.hpp>
#include <dwell/base/panic.hpp>
#include <dwell/os/asymmetric_fence.hpp>
#include <dwell/os/futex.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/task/idle_port.hpp>

namespace dwell::inline v0::scheduler {

class idle {
 public:
  /// What a worker owes after it changed its count, before it looks at the queues.
  enum class due : std::uint8_t { nothing, full_fence, heavy_fence };

  explicit idle(std::uint32_t workers)
      : workers_(workers),
        parkers_(std::make_unique<parker[]>(workers)),
        idlers_(std::make_unique<std::uint32_t[]>(workers)) {}

  /// Where one of the sleepers may wait. Before any worker runs.
  void set_port(core::idle_port& port) noexcept { port_ = &port; }

  static void pay(due fence) noexcept {
    if (fence == due::heavy_fence) os::heavy_fence();
    if (fence == due::full_fence) base::fence(base::seq_cst);
  }

  // ---- Submitters; each true when a worker was woken ----

  /// A worker pushed to its deque, or put a chain of its own at the end of the line. Costs one load
  /// while anybody searches or naps, or nobody sleeps.
  bool notify_of_push() noexcept {
    // Pairs with the heavy fence that announce_sleep() and found_work() ask for while anybody is
    // busy, as the caller is: their look at the queues sees the push, or this load sees them.
    os::light_fence();
    // relaxed: ordered after the work by the fence.
    const counts now{counts_.load(base::relaxed)};
    return now.searching() == 0 && now.napping() == 0 && now.sleeping() > 0 && wake_one();
  }

  /// Work came from outside the workers' deques.
  bool notify_of_injection() noexcept {
    // Pairs with either fence after announce() and found_work().
    base::fence(base::seq_cst);
    const counts now{counts_.load(base::relaxed)};  // relaxed: ordered after the work by the fence
    return now.searching() == 0 && now.idle() > 0 && wake_one();
  }

  // ---- Worker `self` ----

  /// Busy → searching. False when enough others search: announce sleep instead.
  [[nodiscard]] bool try_search() noexcept {
    // relaxed: a first look that keeps the lock out of the way; decided under it.
    if (enough_search(counts{counts_.load(base::relaxed)})) return false;
    const os::lock_guard guard(lock_);
    const counts now = current();
    if (enough_search(now)) return false;
    publish(now.word + one_searching);
    return true;
  }

  /// Searching → busy. Unless nothing is due, this was the last searcher and somebody idles: pay
  /// the fence, look at the queues, and notify if there is work.
  [[nodiscard]] due found_work() noexcept {
    const os::lock_guard guard(lock_);
    const counts now = current();
    DWELL_ASSERT(now.searching() > 0, "a worker that found work was searching");
    publish(now.word - one_searching);
    if (now.searching() > 1 || now.idle() == 0) return due::nothing;
    return fence_towards(workers_ - 1 - now.idle());
  }

  /// Busy or searching → sleeping. Pay the fence, look at every queue, and then block() or
  /// retract().
  [[nodiscard]] due announce_sleep(std::uint32_t self, bool was_searching) noexcept {
    return announce(self, was_searching, one_sleeping);
  }
  /// Busy or searching → napping. Pay the fence, look at what came from outside (a nap need not
  /// look at the deques), and then nap_until() or retract().
  void announce_nap(std::uint32_t self, bool was_searching) noexcept {
    (void)announce(self, was_searching, one_napping);
  }

  /// Sleeping or napping → searching, by the worker's own decision. False when a waker was faster:
  /// block() returns at once then, and must be called.
  [[nodiscard]] bool retract(std::uint32_t self) noexcept {
    const os::lock_guard guard(lock_);
    const counts now = current();
    for (std::uint32_t i = 0; i < now.idle(); ++i) {
      if (idlers_[i] != self) continue;
      idlers_[i] = idlers_[now.idle() - 1];
      parkers_[self].in_port = false;
      publish(now.word - parkers_[self].rest + one_searching);
      return true;
    }
    return false;
  }

  /// A sleeper is about to wait in the port, which it has entered. False when a waker was faster,
  /// as in retract().
  [[nodiscard]] bool move_to_port(std::uint32_t self) noexcept {
    const os::lock_guard guard(lock_);
    const std::uint32_t count = current().idle();
    for (std::uint32_t i = 0; i < count; ++i)
      if (idlers_[i] == self) return parkers_[self].in_port = true;
    return false;
  }
  /// Set by whoever woke `self`.
  [[nodiscard]] const base::atomic<std::uint32_t>& called(std::uint32_t self) const noexcept {
    return parkers_[self].woken;
  }

  /// Sleeps until woken; the worker is then searching.
  void block(std::uint32_t self) noexcept {
    base::atomic<std::uint32_t>& woken = parkers_[self].woken;
    // acquire: pairs with the release in wake_idler().
    while (woken.load(base::acquire) == 0) os::futex_wait(woken, 0);
    woken.store(0, base::relaxed);  // relaxed: the next wake follows an announce under the lock
  }

  /// Naps until woken or until `deadline_ns`; the worker is then searching.
  void nap_until(std::uint32_t self, std::int64_t deadline_ns) noexcept {
    base::atomic<std::uint32_t>& woken = parkers_[self].woken;
    // acquire: as in block().
    while (woken.load(base::acquire) == 0) {
      if (os::futex_wait_until(woken, 0, deadline_ns)) continue;
      if (retract(self)) return;
      return block(self);
    }
    woken.store(0, base::relaxed);  // relaxed: as in block()
  }

  // ---- Anyone ----

  /// Wakes every sleeper, for shutdown.
  void wake_all() noexcept {
    while (wake_idler(/*unless_searching=*/false)) {
    }
  }

  [[nodiscard]] bool any_asleep() const noexcept {
    return counts{counts_.load(base::relaxed)}.sleeping() > 0;  // relaxed: a hint
  }
  [[nodiscard]] bool any_searching() const noexcept {
    return counts{counts_.load(base::relaxed)}.searching() > 0;  // relaxed: a hint
  }
  /// How often a worker has announced a sleep or a nap: unchanged, nobody was awake in between.
  [[nodiscard]] std::uint64_t announcements() const noexcept {
    return announcements_.load(base::acquire);  // acquire: pairs with the release in announce()
  }
  [[nodiscard]] bool all_asleep() const noexcept {
    // acquire: pairs with the release in publish(); what the sleepers did is visible.
    return counts{counts_.load(base::acquire)}.sleeping() == workers_;
  }

 private:
  static constexpr std::uint64_t one_sleeping = 1;
  static constexpr std::uint64_t one_napping = std::uint64_t{1} << 16;
  static constexpr std::uint64_t one_searching = std::uint64_t{1} << 32;

  struct counts {
    std::uint64_t word;
    [[nodiscard]] std::uint32_t searching() const noexcept { return field(32); }
    [[nodiscard]] std::uint32_t napping() const noexcept { return field(16); }
    [[nodiscard]] std::uint32_t sleeping() const noexcept { return field(0); }
    [[nodiscard]] std::uint32_t idle() const noexcept { return napping() + sleeping(); }
    [[nodiscard]] std::uint32_t field(int shift) const noexcept {
      return static_cast<std::uint32_t>(word >> shift & 0xffff);
    }
  };

  [[nodiscard]] bool enough_search(counts now) const noexcept {
    return 2 * now.searching() >= workers_;
  }
  [[nodiscard]] static due fence_towards(std::uint32_t busy) noexcept {
    return busy > 0 ? due::heavy_fence : due::full_fence;
  }

  // The rest: under the lock.

  [[nodiscard]] counts current() const noexcept {
    return {counts_.load(base::relaxed)};  // relaxed: written under the lock
  }
  void publish(std::uint64_t word) noexcept {
    // release: pairs with all_asleep(); towards the notifiers the callers' fences order it.
    counts_.store(word, base::release);
  }

  due announce(std::uint32_t self, bool was_searching, std::uint64_t rest) noexcept {
    const os::lock_guard guard(lock_);
    const counts now = current();
    // relaxed load: written under the lock; release: read without it, after all_asleep().
    announcements_.store(announcements_.load(base::relaxed) + 1, base::release);
    idlers_[now.idle()] = self;
    parkers_[self].rest = rest;
    const counts next{now.word + rest - (was_searching ? one_searching : 0)};
    publish(next.word);
    return fence_towards(workers_ - next.searching() - next.idle());
  }

  bool wake_one() noexcept { return wake_idler(/*unless_searching=*/true); }

  bool wake_idler(bool unless_searching) noexcept {
    std::uint32_t chosen = 0;
    bool in_port = false;
    {
      const os::lock_guard guard(lock_);
      const counts now = current();
      if (now.idle() == 0 || (unless_searching && now.searching() > 0)) return false;
      const std::uint32_t last = now.idle() - 1;
      const std::uint32_t at = last > 0 && parkers_[idlers_[last]].in_port ? last - 1 : last;
      chosen = std::exchange(idlers_[at], idlers_[last]);
      in_port = std::exchange(parkers_[chosen].in_port, false);
      publish(now.word - parkers_[chosen].rest + one_searching);
    }
    base::atomic<std::uint32_t>& woken = parkers_[chosen].woken;
    // release: pairs with the acquire in block().
    woken.store(1, base::release);
    in_port ? port_->ring() : os::futex_wake(woken, 1);
    return true;
  }

  struct alignas(base::cache_line) parker {
    base::atomic<std::uint32_t> woken{0};
    // Under the lock:
    std::uint64_t rest = 0;  // what the worker counts as while it idles
    bool in_port = false;
  };

  const std::uint32_t workers_;
  core::idle_port* port_ = nullptr;
  const std::unique_ptr<parker[]> parkers_;
  // A stack, the latest on top: its cache is the warmest. Under the lock.
  const std::unique_ptr<std::uint32_t[]> idlers_;
  alignas(base::cache_line) base::atomic<std::uint64_t> counts_{0};
  base::atomic<std::uint64_t> announcements_{0};
  os::lock lock_;
};

}  // namespace dwell::inline v0::scheduler
