// limiter: so many at a time, and so many for each key; who waits is served fairly between keys.
//
// A key is a tenant, a model, a host. First come, first served would be fair to requests and not to
// keys: one key that asks a thousand times at once would starve the rest. So each key has a line of
// its own, and the next slot goes to the key with the fewest in flight; among equals to whoever has
// waited longest.
//
// Invariants, whenever the lock is free:
//  1. `eligible_` holds exactly the keys that wait and are below their own capacity, ordered by (in
//     flight, ticket of the first in line). A key leaves it before either number changes.
//  2. Nobody eligible waits while there is a free slot. So a newcomer that finds a free slot and
//     its key below capacity overtakes nobody.
//  3. A key's state lives while it is pinned: by each of its slots, and by each await from before
//     it looks for a slot until it has one or gives up.
//
// Under the lock nothing is allocated or freed (sync/wait_queue.hpp): the nodes of both containers
// are made before it is taken, moved in and out as node handles, and freed after it.
//
// Rejected: a scan over the keys for the next one (linear, under the lock); one line for all with a
// search in it; a template over the type of the key (every user so far has text).
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <dwell/base/export.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/sync/wait_queue.hpp>

namespace dwell::inline v0 {

/// A limiter refused because as many wait as may.
class DWELL_API limiter_full : public std::runtime_error {
 public:
  limiter_full();
  ~limiter_full() override;
};

/// How a limiter begins.
struct limiter_options {
  /// How many may be in flight together.
  std::size_t capacity = 1;
  /// How many of one key.
  std::size_t per_key = SIZE_MAX;
  /// How many may wait; further ones are refused.
  std::size_t queue = SIZE_MAX;
};

/// What limiter::statistics() tells.
struct limiter_statistics {
  std::size_t capacity = 0;
  std::size_t per_key = 0;
  std::size_t in_flight = 0;
  std::size_t waiters = 0;
  /// Keys that have something in flight or waiting.
  std::size_t keys = 0;
  /// How many requests got a slot.
  std::uint64_t acquired = 0;
  /// How many requests had to wait, those that still wait or were cancelled included.
  std::uint64_t contended = 0;
  /// How many requests were refused because the queue was full.
  std::uint64_t refused = 0;
};

/// What limiter::statistics(key) tells.
struct limiter_key_statistics {
  std::size_t in_flight = 0;
  std::size_t waiters = 0;
};

/// Hands out slots: so many at a time, so many for each key, the next to the key with the fewest in
/// flight.
///
/// Any thread may release, try, ask for statistics and change the capacity; one that is no task and
/// holds a slot for which tasks wait holds an outside_work, too. It must outlive its slots and
/// waits; destroyed before them it stops the program.
class DWELL_API limiter {
  struct key_state;
  class key_pin;
  class acquire_wait;

 public:
  /// One of the places, given back when it goes out of scope. Move-only.
  class [[nodiscard("a slot that is dropped is given back at once")]] slot {
   public:
    /// Holds none.
    slot() noexcept = default;
    slot(slot && other) noexcept
        : from_(std::exchange(other.from_, nullptr)), key_(std::exchange(other.key_, nullptr)) {}
    slot& operator=(slot&& other) noexcept {
      slot(std::move(other)).swap(*this);
      return *this;
    }
    ~slot() { release(); }

    void swap(slot & other) noexcept {
      std::swap(from_, other.from_);
      std::swap(key_, other.key_);
    }
    explicit operator bool() const noexcept { return from_ != nullptr; }

    /// Gives it back now. Any thread; no await; logarithmic in the keys that wait.
    void release() noexcept {
      if (from_ != nullptr) std::exchange(from_, nullptr)->give_back(*key_);
    }

   private:
    friend class limiter;
    slot(limiter & from, key_state & key) noexcept : from_(&from), key_(&key) {}

    limiter* from_ = nullptr;
    key_state* key_ = nullptr;
  };

  explicit limiter(std::size_t capacity) noexcept;
  explicit limiter(const limiter_options& options) noexcept;
  limiter(const limiter&) = delete;
  limiter& operator=(const limiter&) = delete;
  ~limiter();

  /// `limiter::slot s = co_await l.acquire(key);` waits until a slot is free for this key. The text
  /// of `key` must live until the await has begun, so await it at once. Without a key: all such
  /// requests are one key. Cancellable, without effect; but once the slot was handed over the await
  /// gives it, cancelled or not. Throws limiter_full when it would have to wait and the queue is
  /// full, std::bad_alloc with nothing taken. Logarithmic in the keys.
  [[nodiscard]] sync::wait_op<acquire_wait, limiter*, std::string_view> acquire(
      std::string_view key = {}) noexcept;

  /// Takes a slot if that needs no waiting; empty otherwise. Throws std::bad_alloc.
  [[nodiscard]] std::optional<slot> try_acquire(std::string_view key = {});

  /// Changes how many may be in flight. More lets in who waits; fewer takes effect as slots come
  /// back: nobody loses one. Zero holds everybody up. Any thread; no await.
  void set_capacity(std::size_t capacity) noexcept;
  /// The same for each key. Linear in the keys.
  void set_per_key(std::size_t per_key) noexcept;

  /// Any thread. A picture of one moment.
  [[nodiscard]] limiter_statistics statistics() const noexcept;
  [[nodiscard]] limiter_key_statistics statistics(std::string_view key) const noexcept;

 private:
  struct next_first {
    bool operator()(const key_state* a, const key_state* b) const noexcept;
  };
  using key_map = std::map<std::string, key_state, std::less<>>;
  using key_set = std::set<key_state*, next_first>;
  enum class answer : std::uint8_t { granted, refused, waits };

  [[nodiscard]] key_pin pin(std::string_view key);
  void unpin(key_state& key) noexcept;
  void give_back(key_state& key) noexcept;
  [[nodiscard]] answer ask(acquire_wait& w, bool may_enter) noexcept;
  // Under the lock.
  [[nodiscard]] key_state* pin_known(std::string_view key) noexcept;
  [[nodiscard]] key_map::node_type unpinned(key_state& key) noexcept;
  [[nodiscard]] bool take(key_state& key) noexcept;
  void enter(key_state& key, acquire_wait& w) noexcept;
  void set_aside(key_state& key) noexcept;
  void put_back(key_state& key) noexcept;
  void admit(sync::granted_waits& granted) noexcept;

  mutable os::lock lock_;
  std::size_t capacity_;  // this and what follows: under the lock
  std::size_t per_key_;
  const std::size_t queue_;
  std::size_t in_flight_ = 0;
  std::size_t waiters_ = 0;
  std::uint64_t acquired_ = 0;
  std::uint64_t contended_ = 0;  // the next ticket, too
  std::uint64_t refused_ = 0;
  key_map keys_;
  key_set eligible_;
};

/// What a limiter knows of one key.
struct limiter::key_state {
  explicit key_state(os::lock& lock) : line(lock) {}

  key_map::iterator self;
  std::size_t pins = 0;
  std::size_t in_flight = 0;
  sync::wait_queue line;
  key_set::node_type place;  // empty while it is in `eligible_`
};

/// Keeps a key's state.
class DWELL_API limiter::key_pin {
 public:
  key_pin() noexcept = default;
  key_pin(limiter& owner, key_state& key) noexcept : owner_(&owner), key_(&key) {}
  key_pin(key_pin&& other) noexcept
      : owner_(other.owner_), key_(std::exchange(other.key_, nullptr)) {}
  key_pin& operator=(key_pin&& other) noexcept {
    std::swap(owner_, other.owner_);
    std::swap(key_, other.key_);
    return *this;
  }
  ~key_pin() {
    if (key_ != nullptr) owner_->unpin(*key_);
  }

  [[nodiscard]] key_state& key() const noexcept { return *key_; }
  /// The caller keeps it now.
  [[nodiscard]] key_state& pass_on() noexcept { return *std::exchange(key_, nullptr); }

 private:
  limiter* owner_ = nullptr;
  key_state* key_ = nullptr;
};

class DWELL_API limiter::acquire_wait final : public sync::queued_wait {
 public:
  acquire_wait(limiter* l, std::string_view key) noexcept
      : queued_wait(kind), limiter_(*l), text_(key) {}

  template <core::task_promise P>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<P> self) {
    return sleep(self);
  }
  [[nodiscard]] slot await_resume() {
    core::finish_wait(*this);
    if (refused_) throw limiter_full();
    return slot(limiter_, pin_.pass_on());
  }

 private:
  friend class limiter;

  [[nodiscard]] bool sleep(std::coroutine_handle<> self);
  static bool call_off(core::wait& self) noexcept;
  static const core::wait_kind kind;

  limiter& limiter_;
  const std::string_view text_;
  key_pin pin_;
  std::uint64_t ticket_ = 0;  // under the lock
  bool refused_ = false;
};

inline sync::wait_op<limiter::acquire_wait, limiter*, std::string_view> limiter::acquire(
    std::string_view key) noexcept {
  return sync::wait_op<acquire_wait, limiter*, std::string_view>(this, key);
}

}  // namespace dwell::inline v0
