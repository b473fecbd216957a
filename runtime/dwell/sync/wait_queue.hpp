// Waiting in line: what every primitive with more than one waiter is made of.
//
// A primitive has a lock, some state and one or more wait_queues under that lock. A wait stands in
// at most one of them:
//
//             push_back()            pop_front(), remove()            wake (granted_waits)
//   outside ──────────────▶ linked ─────────────────────────▶ granted ────────────────────▶ on
//                             │
//                             └─── call_off() by a canceller: unlinked, without effect ───▶ on
//
// Invariants:
//  1. Linked or not is decided under the owner's lock, and only once for a wait. Whoever grants
//     hands over the permit or the item under the same lock; so a cancelled wait has had no effect,
//     a granted one its whole effect, and nothing is ever on its way between two owners.
//  2. A granted wait is certain to be woken. A canceller that comes between grant and wake finds it
//     unlinked and says no (sleep_word.hpp, rule 3): the grant wins, and the await does not throw.
//  3. Waits are woken after the lock is released. Until its wake a granted wait stays where it is;
//     after it nobody touches the wait. After the unlock nobody touches the primitive: the last one
//     to be woken may destroy it while the waker is still on its way out.
//  4. So a primitive must outlive each await on it, and no more. One that is destroyed while a wait
//     is linked stops the program.
//
// The lock may be taken under the locks of the cancellation tree (a canceller calls a wait off
// there); so under this lock nobody enters the tree, allocates or runs user code.
//
// Rejected: a lock-free queue (it must give up an element from its middle when one is cancelled,
// and the sections here are a few instructions); a cancelled wait that stays in the queue as a
// husk (asyncio's way: each waker has to skip husks, and a wake-up given to one must be passed on).
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <tuple>

#include <dwell/base/atomic.hpp>
#include <dwell/base/export.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/task/context.hpp>
#include <dwell/task/park.hpp>
#include <dwell/task/promise.hpp>

namespace dwell::inline v0::sync {

class granted_waits;
class wait_queue;

/// Base of the awaiters that stand in line. Lives in the leaf's frame, or on the stack of a plain
/// thread that blocks. What a source gives to a wait (an item, say) is a member of the derived
/// awaiter, written under the owner's lock before the wake and read by await_resume() after
/// core::finish_wait().
class DWELL_API queued_wait : public core::wait {
 public:
  // Never ready at once: a cancelled scope must show, and the turn's budget be spent.
  static constexpr bool await_ready() noexcept { return false; }

 protected:
  explicit queued_wait(const core::wait_kind& kind) noexcept : wait(kind) {}
  ~queued_wait() = default;

  /// The whole of await_suspend. `take(granted)` runs under the queue's lock, perhaps twice: it
  /// takes what the wait is for and says true, or changes nothing and says false. True: the chain
  /// goes on without having entered the queue. Whom `take` lets go on in turn it adds to `granted`.
  ///
  /// What is free at once costs one lock and no enrolment in the cancellation tree. Where it is
  /// not `likely`, the attempt that would find that out is left out: one lock less for a wait.
  template <class Take>
  [[nodiscard]] bool wait_in(wait_queue& queue, std::coroutine_handle<> self, const Take& take,
                             bool likely = true) noexcept;

  /// The same for a thread that is no worker: blocks it until `take` or a granter has let it go on.
  /// Nothing cancels it.
  template <class Take>
  void block_in(wait_queue& queue, const Take& take) noexcept;

  /// The beginning of wait_in(), for an await_suspend of another shape. False: the scope is
  /// cancelled, and core::finish_wait() will throw.
  [[nodiscard]] bool may_go_on(std::coroutine_handle<> self) noexcept;

  /// For core::wait_kind: unlinks the wait. What else its going changes (somebody behind it may go
  /// on, say) needs an abort function of the primitive's own: see wait_queue::remove().
  static bool call_off(core::wait& self) noexcept;

 private:
  friend class granted_waits;
  friend class wait_queue;

  template <class Take>
  [[nodiscard]] bool took(wait_queue& queue, const Take& take, bool or_enter) noexcept;

  void sleep_as_thread() noexcept;
  void wake_thread() noexcept;

  bool linked_ = false;  // under the lock
  base::atomic<std::uint32_t> thread_woken_{0};
  core::executor* home_ = nullptr;   // whose worker it sleeps on; null for a thread
  wait_queue* queue_ = nullptr;      // where it was linked last
  queued_wait* previous_ = nullptr;  // under the lock
  queued_wait* next_ = nullptr;      // under the lock; then the granter's
};

/// Waits that were granted, in order. Declare it before the lock_guard: it wakes them when it goes
/// out of scope, and by then the lock is off.
class DWELL_API granted_waits {
 public:
  granted_waits() = default;
  granted_waits(const granted_waits&) = delete;
  granted_waits& operator=(const granted_waits&) = delete;
  ~granted_waits() {
    if (first_ != nullptr) wake_all();
  }

  /// Under the lock: `w` was unlinked and has got what it waited for.
  void add(queued_wait& w) noexcept {
    w.next_ = nullptr;
    w.previous_ = last_;
    (first_ != nullptr ? last_->next_ : first_) = &w;
    last_ = &w;
  }

 private:
  void wake_all() noexcept;

  queued_wait* first_ = nullptr;
  queued_wait* last_ = nullptr;
};

/// The line: first come, first served. All but lock() under the owner's lock; constant time.
class DWELL_API wait_queue {
 public:
  /// `owner_lock` belongs to the primitive, which may have several queues under it.
  explicit wait_queue(os::lock& owner_lock) noexcept : lock_(owner_lock) {}
  wait_queue(const wait_queue&) = delete;
  wait_queue& operator=(const wait_queue&) = delete;
  /// Stops the program while somebody waits.
  ~wait_queue() {
    if (first_ != nullptr) refuse_to_go();
  }

  [[nodiscard]] os::lock& lock() const noexcept { return lock_; }
  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  /// How many waits ever stood here: how often what they waited for was not free.
  [[nodiscard]] std::uint64_t entered() const noexcept { return entered_; }
  /// Null when empty.
  [[nodiscard]] queued_wait* front() const noexcept { return first_; }

  void push_back(queued_wait& w) noexcept;
  /// Unlinks the first wait, or gives null. The caller grants it: whatever it waited for, and a
  /// place in a granted_waits.
  [[nodiscard]] queued_wait* pop_front() noexcept;
  /// Unlinks `w` if it is linked. For abort functions: false means granted, the wake is coming.
  [[nodiscard]] bool remove(queued_wait& w) noexcept;
  /// Grants every wait to which that is all.
  void grant_all(granted_waits& granted) noexcept;

 private:
  [[noreturn]] void refuse_to_go() const noexcept;

  os::lock& lock_;
  queued_wait* first_ = nullptr;
  queued_wait* last_ = nullptr;
  std::size_t size_ = 0;
  std::uint64_t entered_ = 0;
};

template <class Take>
bool queued_wait::took(wait_queue& queue, const Take& take, bool or_enter) noexcept {
  granted_waits granted;
  const os::lock_guard guard(queue.lock());
  if (take(granted)) return true;
  if (or_enter) queue.push_back(*this);
  return false;
}

template <class Take>
bool queued_wait::wait_in(wait_queue& queue, std::coroutine_handle<> self, const Take& take,
                          bool likely) noexcept {
  if (!may_go_on(self)) return core::give_way(*this);
  if (likely && took(queue, take, false)) return core::give_way(*this);
  if (!core::begin_wait(*this, self)) return core::give_way(*this);
  if (!took(queue, take, true)) return core::end_wait(*this);
  core::abandon_wait(*this);
  return core::give_way(*this);
}

template <class Take>
void queued_wait::block_in(wait_queue& queue, const Take& take) noexcept {
  if (!took(queue, take, true)) sleep_as_thread();
}

/// What the await functions of a primitive return: the arguments of an awaiter, which is made in
/// the awaiting frame and stays there.
template <class Awaiter, class... Args>
class [[nodiscard("it does nothing until it is awaited")]] wait_op {
 public:
  explicit wait_op(Args... args) noexcept : args_(args...) {}
  [[nodiscard]] Awaiter operator co_await() const noexcept {
    return std::make_from_tuple<Awaiter>(args_);
  }

 private:
  std::tuple<Args...> args_;
};

}  // namespace dwell::inline v0::sync
