// Who sleeps, who searches, and why no work is ever left lying while a worker sleeps.
//
// A worker is busy, searching (awake without work) or sleeping. The two counts are one word:
//
//      searching (high 16 bits) | sleeping (low 16 bits)
//
// Invariant (W): if there is work in some queue and a worker sleeps, then a worker is searching, or
// somebody who made work visible has not finished notify() yet, or a worker that announced its
// sleep has not finished its re-check yet.
//
// Why it holds. A submitter makes its work visible, fences lightly, and reads the word (notify). A
// worker that gives up adds itself to `sleeping` and leaves `searching` in one step (announce),
// fences, and looks at every queue once more before it blocks. That fence is the heavy one; the two
// are store-load fences, so of such a pair at least one sees the other:
//   * the submitter sees nobody searching and a sleeper: it wakes one, who starts out searching;
//   * the submitter sees a searcher: if that one goes to sleep later, its re-check comes after its
//     announcement, which came after the submitter's read, which came after the work was visible:
//     the re-check finds the work;
//   * the submitter sees no sleeper: a worker that announces later re-checks later, as above.
// A searcher that finds work and was the last one passes the duty on, since submitters may have
// relied on it for more work than it took: it leaves `searching`, fences, looks at the queues, and
// notifies if it sees work (found_work()); the same pairing again.
//
// Acquire and release are not enough: both sides write one location and then read another. The word
// is written under the lock only; notify() reads it without.
//
// At most half of the workers search at a time, so a burst of small tasks does not keep the whole
// machine spinning.
//
// Rejected: waking a worker for each submission (every spawn would be a system call), and a bitmap
// of sleepers claimed bit by bit (a sleeper that changes its mind while another's wake-up picks its
// bit needs a third state; under a lock, taken only when somebody really sleeps or wakes, it is two
// lines).
#pragma once

#include <cstdint>
#include <memory>

#include <dwell/base/atomic.hpp>
#include <dwell/base/cache_line.hpp>
#include <dwell/base/panic.hpp>
#include <dwell/os/asymmetric_fence.hpp>
#include <dwell/os/futex.hpp>
#include <dwell/os/lock.hpp>

namespace dwell::inline v0::scheduler {

class idle {
 public:
  explicit idle(std::uint32_t workers)
      : workers_(workers),
        parkers_(std::make_unique<parker[]>(workers)),
        sleepers_(std::make_unique<std::uint32_t[]>(workers)) {}

  // ---- Submitters ----

  /// After work was made visible: sees to it that somebody looks for it. Costs one load while
  /// anybody searches or nobody sleeps. True when a worker was woken.
  bool notify() noexcept {
    // Pairs with the heavy fence after announce(): the re-check sees the work, or this load sees
    // the sleeper. The same with the fence after found_work() and the count of searchers.
    os::light_fence();
    // relaxed: ordered after the work by the fence.
    return wants_wake(counts_.load(base::relaxed)) && wake_one();
  }

  // ---- Worker `self` ----

  /// Busy → searching. False when enough others search: announce sleep instead.
  [[nodiscard]] bool try_search() noexcept {
    // relaxed: a first look that keeps the lock out of the way; decided under it.
    if (2 * searching(counts_.load(base::relaxed)) >= workers_) return false;
    const os::lock_guard guard(lock_);
    const std::uint32_t counts = counts_.load(base::relaxed);  // relaxed: written under the lock
    if (2 * searching(counts) >= workers_) return false;
    publish(counts + one_searching);
    return true;
  }

  /// Searching → busy. True when this was the last searcher and somebody sleeps: the caller must
  /// execute a heavy fence, look at the queues and, if it sees work, call notify().
  [[nodiscard]] bool found_work() noexcept {
    const os::lock_guard guard(lock_);
    const std::uint32_t counts = counts_.load(base::relaxed);  // relaxed: written under the lock
    DWELL_ASSERT(searching(counts) > 0, "a worker that found work was searching");
    publish(counts - one_searching);
    return searching(counts) == 1 && sleeping(counts) > 0;
  }

  /// Busy or searching → sleeping. Afterwards the worker must execute a heavy fence, look at every
  /// queue, and then block() or retract(). True when every worker is asleep now.
  [[nodiscard]] bool announce(std::uint32_t self, bool was_searching) noexcept {
    const os::lock_guard guard(lock_);
    const std::uint32_t counts = counts_.load(base::relaxed);  // relaxed: written under the lock
    sleepers_[sleeping(counts)] = self;
    publish(counts + 1 - (was_searching ? one_searching : 0));
    return sleeping(counts) + 1 == workers_;
  }

  /// Sleeping → searching, by the worker's own decision. False when a waker was faster: block()
  /// returns at once then, and must be called.
  [[nodiscard]] bool retract(std::uint32_t self) noexcept {
    const os::lock_guard guard(lock_);
    const std::uint32_t counts = counts_.load(base::relaxed);  // relaxed: written under the lock
    const std::uint32_t asleep = sleeping(counts);
    for (std::uint32_t i = 0; i < asleep; ++i) {
      if (sleepers_[i] != self) continue;
      sleepers_[i] = sleepers_[asleep - 1];
      publish(counts - 1 + one_searching);
      return true;
    }
    return false;
  }

  /// Sleeps until woken; the worker is then searching.
  void block(std::uint32_t self) noexcept {
    base::atomic<std::uint32_t>& woken = parkers_[self].woken;
    // acquire: pairs with the release in wake().
    while (woken.load(base::acquire) == 0) os::futex_wait(woken, 0);
    woken.store(0, base::relaxed);  // relaxed: the next wake follows an announce under the lock
  }

  // ---- Anyone ----

  /// Wakes every sleeper, for shutdown.
  void wake_all() noexcept {
    while (wake_sleeper(/*unless_searching=*/false)) {
    }
  }

  [[nodiscard]] bool any_asleep() const noexcept {
    return sleeping(counts_.load(base::relaxed)) > 0;  // relaxed: a hint
  }
  [[nodiscard]] bool all_asleep() const noexcept {
    // acquire: pairs with the release in publish(); what the sleepers did is visible.
    return sleeping(counts_.load(base::acquire)) == workers_;
  }

 private:
  static constexpr std::uint32_t one_searching = 1U << 16;

  static std::uint32_t searching(std::uint32_t counts) noexcept { return counts >> 16; }
  static std::uint32_t sleeping(std::uint32_t counts) noexcept { return counts & 0xffff; }
  static bool wants_wake(std::uint32_t counts) noexcept {
    return searching(counts) == 0 && sleeping(counts) > 0;
  }

  // Under the lock.
  void publish(std::uint32_t counts) noexcept {
    // release: pairs with all_asleep(); towards notify() the callers' fences order it.
    counts_.store(counts, base::release);
  }

  bool wake_one() noexcept { return wake_sleeper(/*unless_searching=*/true); }

  bool wake_sleeper(bool unless_searching) noexcept {
    std::uint32_t chosen = 0;
    {
      const os::lock_guard guard(lock_);
      const std::uint32_t counts = counts_.load(base::relaxed);  // relaxed: written under the lock
      if (sleeping(counts) == 0 || (unless_searching && searching(counts) > 0)) return false;
      chosen = sleepers_[sleeping(counts) - 1];
      publish(counts - 1 + one_searching);
    }
    base::atomic<std::uint32_t>& woken = parkers_[chosen].woken;
    // release: pairs with the acquire in block().
    woken.store(1, base::release);
    os::futex_wake(woken, 1);
    return true;
  }

  struct alignas(base::cache_line) parker {
    base::atomic<std::uint32_t> woken{0};
  };

  const std::uint32_t workers_;
  const std::unique_ptr<parker[]> parkers_;
  // A stack, the latest sleeper on top: its cache is the warmest. Under the lock.
  const std::unique_ptr<std::uint32_t[]> sleepers_;
  alignas(base::cache_line) base::atomic<std::uint32_t> counts_{0};
  os::lock lock_;
};

}  // namespace dwell::inline v0::scheduler
