// broadcast<T>: every subscriber sees every value that is sent after it came.
//
//   send ─▶ [ ring of the last `capacity` values ] ◀─ each subscriber's place in it
//
// A send never waits: it overwrites the oldest value. A subscriber that is more than a ring behind
// has missed some; its next receive says how many (broadcast_lagged) and puts it at the oldest
// value that is left. A slow reader so costs itself its values, never the others their time.
//
// A value is kept once, shared by the ring and those who wait for it; each subscriber copies it out
// after the lock is off. So no user code runs under the lock.
#pragma once

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <stdexcept>
#include <type_traits>
#include <utility>
#include <vector>

#include <dwell/base/export.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/sync/end.hpp>
#include <dwell/sync/wait_queue.hpp>
#include <dwell/task/promise.hpp>

namespace dwell::inline v0 {

/// A broadcast at one moment.
struct broadcast_statistics {
  std::size_t capacity;
  std::size_t senders;      // ends
  std::size_t subscribers;  // ends
  std::size_t waiting;      // tasks in receive()
  std::uint64_t sent;       // since it was made
  std::uint64_t missed;     // values that some subscriber missed, added up over them
  bool closed;
};

/// What receive() throws when values were overwritten before this subscriber came to them. The
/// next receive gives the oldest that is left.
class DWELL_API broadcast_lagged : public std::runtime_error {
 public:
  explicit broadcast_lagged(std::uint64_t missed);
  ~broadcast_lagged() override;
  /// How many it missed since its last receive.
  [[nodiscard]] std::uint64_t missed() const noexcept { return missed_; }

 private:
  std::uint64_t missed_;
};

template <class T>
class broadcast_receiver;

namespace sync {

/// What an attempt to receive found: a value, a number of missed ones, or (neither) the end.
struct broadcast_find {
  std::shared_ptr<const void> value;
  std::uint64_t missed = 0;
};

class DWELL_API broadcast_core {
 public:
  static constexpr const char* name = "broadcast";

  explicit broadcast_core(std::size_t capacity);

  /// Gives the number of subscribers. Throws channel_closed.
  std::size_t send(std::shared_ptr<const void> value);
  /// False: nothing yet. `place` is the subscriber's.
  [[nodiscard]] bool try_receive(std::uint64_t& place, broadcast_find& found) noexcept;

  void join(side s) noexcept;
  void leave(side s) noexcept;
  void close() noexcept;
  /// Where a subscriber that comes now begins.
  [[nodiscard]] std::uint64_t now() const noexcept;
  [[nodiscard]] broadcast_statistics statistics() const noexcept;

 private:
  friend class broadcast_wait;

  // Under the lock.
  [[nodiscard]] bool find(std::uint64_t& place, broadcast_find& found) noexcept;

  mutable os::lock lock_;
  // Under the lock.
  bool closed_ = false;
  std::vector<std::shared_ptr<const void>> ring_;
  wait_queue waiting_{lock_};
  std::uint64_t sent_ = 0;
  std::uint64_t missed_ = 0;
  std::size_t senders_ = 0;
  std::size_t subscribers_ = 0;
};

/// Sleeps until there is something for a subscriber.
class DWELL_API broadcast_wait : public queued_wait {
 public:
  broadcast_wait(broadcast_core& core, std::uint64_t& place) noexcept
      : queued_wait(kind), core_(core), place_(place) {}

  template <core::task_promise P>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<P> self) noexcept {
    return sleep(self);
  }

 protected:
  ~broadcast_wait() = default;
  broadcast_find found;  // also what a sender gives to it while it sleeps

 private:
  friend class broadcast_core;
  [[nodiscard]] bool sleep(std::coroutine_handle<> self) noexcept;
  static const core::wait_kind kind;

  broadcast_core& core_;
  std::uint64_t& place_;
};

/// What receive() gives (Result is T) and next() gives (std::optional<T>).
template <class T, class Result>
class broadcast_awaiter final : public broadcast_wait {
 public:
  using broadcast_wait::broadcast_wait;
  Result await_resume() {
    core::finish_wait(*this);
    if (found.missed > 0) throw broadcast_lagged(found.missed);
    if (found.value != nullptr) return Result(*static_cast<const T*>(found.value.get()));
    if constexpr (std::is_same_v<Result, T>)
      throw channel_closed();
    else
      return std::nullopt;
  }
};

}  // namespace sync

/// The end through which values come. Move-only: clone() makes another; when the last has gone, the
/// subscribers take what is left in the ring and are then told. For tasks, as channel_sender is: a
/// thread that is no worker gets an end by for_threads().
template <class T>
class broadcast_sender {
 public:
  [[nodiscard]] broadcast_sender clone() const noexcept {
    return broadcast_sender(share_.share_of(sync::side::sending));
  }
  /// An end for a thread that is no worker.
  [[nodiscard]] thread_end<broadcast_sender> for_threads() const noexcept {
    return thread_end<broadcast_sender>(clone());
  }
  /// A new subscriber, who sees what is sent from now on.
  [[nodiscard]] broadcast_receiver<T> subscribe() const noexcept {
    return broadcast_receiver<T>(share_.share_of(sync::side::receiving), share_.core().now());
  }
  /// Gives this end up, as its destructor does.
  void reset() noexcept { share_.reset(); }
  void swap(broadcast_sender& other) noexcept { share_.swap(other.share_); }

  /// Gives the value to every subscriber, and their number. Never waits, so a cancelled task may
  /// send. Throws channel_closed after close(), std::bad_alloc, or what T's constructor throws;
  /// nobody has the value then. Costs an allocation, and time in proportion to those who wait.
  std::size_t send(T value) {
    return share_.core().send(std::make_shared<const T>(std::move(value)));
  }
  /// Closes it for all: nothing more comes, what is in the ring can be received.
  void close() noexcept { share_.core().close(); }

  /// Thread-safe; takes the lock.
  [[nodiscard]] broadcast_statistics statistics() const noexcept {
    return share_.core().statistics();
  }

  /// For make_broadcast().
  explicit broadcast_sender(sync::end_share<sync::broadcast_core> share) noexcept
      : share_(std::move(share)) {}

 private:
  sync::end_share<sync::broadcast_core> share_;
};

/// A subscriber. Move-only; for one task at a time, as it remembers how far it has read, and to be
/// left where it is while that task awaits it. A receiver that nobody reads lags, and costs nobody
/// anything.
template <class T>
class broadcast_receiver {
 public:
  /// Another subscriber, who stands where this one does.
  [[nodiscard]] broadcast_receiver clone() const noexcept {
    return broadcast_receiver(share_.share_of(sync::side::receiving), place_);
  }
  /// Gives this end up, as its destructor does.
  void reset() noexcept { share_.reset(); }

  /// `co_await rx.receive()` gives the next value. Throws broadcast_lagged when it missed some,
  /// channel_closed when there never will be one. Cancellable: a value is received or is still the
  /// next.
  auto receive() noexcept { return op<T>(share_.core(), place_); }
  /// The same for a loop: nullopt when closed and read to the end. Throws broadcast_lagged.
  auto next() noexcept { return op<std::optional<T>>(share_.core(), place_); }
  /// The next value if there is one now. Throws broadcast_lagged, channel_closed.
  [[nodiscard]] std::optional<T> try_receive() {
    sync::broadcast_find found;
    if (!share_.core().try_receive(place_, found)) return std::nullopt;
    if (found.missed > 0) throw broadcast_lagged(found.missed);
    if (found.value == nullptr) throw channel_closed();
    return *static_cast<const T*>(found.value.get());
  }

  /// Thread-safe; takes the lock.
  [[nodiscard]] broadcast_statistics statistics() const noexcept {
    return share_.core().statistics();
  }

  /// For make_broadcast() and subscribe().
  broadcast_receiver(sync::end_share<sync::broadcast_core> share, std::uint64_t place) noexcept
      : share_(std::move(share)), place_(place) {}

 private:
  template <class Result>
  using op =
      sync::wait_op<sync::broadcast_awaiter<T, Result>, sync::broadcast_core&, std::uint64_t&>;

  sync::end_share<sync::broadcast_core> share_;
  std::uint64_t place_;
};

/// A sender and a first subscriber. The ring holds `capacity` values, at least 1: how far a
/// subscriber may fall behind. T is copied out to each. Throws std::bad_alloc.
template <class T>
[[nodiscard]] std::pair<broadcast_sender<T>, broadcast_receiver<T>> make_broadcast(
    std::size_t capacity) {
  static_assert(std::is_object_v<T> && std::copy_constructible<T>,
                "broadcast<T>: every subscriber gets a copy of T. For something that cannot be "
                "copied send a std::shared_ptr<const T>");
  auto core = std::make_shared<sync::broadcast_core>(capacity);
  using share = sync::end_share<sync::broadcast_core>;
  return {broadcast_sender<T>(share(core, sync::side::sending)),
          broadcast_receiver<T>(share(core, sync::side::receiving), 0)};
}

}  // namespace dwell::inline v0
