// watch<T>: one value that changes, and those who want to know when. Settings, health, progress.
//
// Only the latest value counts: a watcher that was away sees one change, however many there were.
// Each send has a version; a watcher remembers the version it has seen, and waits for another one.
// So a change is never missed, whichever comes first, the wait or the send.
//
// Values are immutable and shared, as in broadcast.hpp: whoever reads copies after the lock is off.
#pragma once

#include <concepts>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <type_traits>
#include <utility>

#include <dwell/base/export.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/sync/end.hpp>
#include <dwell/sync/wait_queue.hpp>
#include <dwell/task/promise.hpp>

namespace dwell::inline v0 {

/// A watch at one moment.
struct watch_statistics {
  std::size_t senders;    // ends
  std::size_t receivers;  // ends
  std::size_t waiting;    // tasks in changed()
  std::uint64_t version;  // 0 is the initial value; each send adds 1
  bool closed;
};

template <class T>
class watch_receiver;

namespace sync {

class DWELL_API watch_core {
 public:
  static constexpr const char* name = "watch";

  explicit watch_core(std::shared_ptr<const void> initial) noexcept : value_(std::move(initial)) {}

  /// Throws channel_closed.
  void send(std::shared_ptr<const void> value);
  /// The latest value; `seen` becomes its version.
  [[nodiscard]] std::shared_ptr<const void> get(std::uint64_t& seen) const noexcept;

  void join(side s) noexcept;
  void leave(side s) noexcept;
  void close() noexcept;
  [[nodiscard]] watch_statistics statistics() const noexcept;

 private:
  friend class watch_wait;

  // Under the lock.
  [[nodiscard]] bool find(std::uint64_t& seen, bool& changed) const noexcept;

  mutable os::lock lock_;
  // Under the lock.
  bool closed_ = false;
  std::shared_ptr<const void> value_;
  wait_queue waiting_{lock_};
  std::uint64_t version_ = 0;
  std::size_t senders_ = 0;
  std::size_t receivers_ = 0;
};

/// Sleeps until the version is another one than `seen`, or never will be.
class DWELL_API watch_wait final : public queued_wait {
 public:
  watch_wait(watch_core& core, std::uint64_t& seen) noexcept
      : queued_wait(kind), core_(core), seen_(seen) {}

  template <core::task_promise P>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<P> self) noexcept {
    return sleep(self);
  }
  [[nodiscard]] bool await_resume() {
    core::finish_wait(*this);
    return changed_;
  }

 private:
  friend class watch_core;
  [[nodiscard]] bool sleep(std::coroutine_handle<> self) noexcept;
  static const core::wait_kind kind;

  watch_core& core_;
  std::uint64_t& seen_;
  bool changed_ = false;
};

}  // namespace sync

/// The end that sets the value. Move-only: clone() makes another; when the last has gone, the watch
/// is closed. For tasks, as channel_sender is: a thread that is no worker gets an end by
/// for_threads().
template <class T>
class watch_sender {
 public:
  [[nodiscard]] watch_sender clone() const noexcept {
    return watch_sender(share_.share_of(sync::side::sending));
  }
  /// An end for a thread that is no worker.
  [[nodiscard]] thread_end<watch_sender> for_threads() const noexcept {
    return thread_end<watch_sender>(clone());
  }
  /// A new watcher, who has seen the present value.
  [[nodiscard]] watch_receiver<T> subscribe() const noexcept {
    watch_receiver<T> watcher(share_.share_of(sync::side::receiving));
    watcher.mark_seen();
    return watcher;
  }
  /// Gives this end up, as its destructor does.
  void reset() noexcept { share_.reset(); }
  void swap(watch_sender& other) noexcept { share_.swap(other.share_); }

  /// Replaces the value and wakes those who wait for a change. Never waits, so a cancelled task may
  /// send. Throws channel_closed after close(), std::bad_alloc, or what T's constructor throws; the
  /// value is the old one then. Costs an allocation, and time in proportion to those who wait.
  void send(T value) { share_.core().send(std::make_shared<const T>(std::move(value))); }
  /// A copy of the latest value. Throws what copying T throws.
  [[nodiscard]] T get() const {
    std::uint64_t seen = 0;
    return *static_cast<const T*>(share_.core().get(seen).get());
  }
  /// Closes it for all: the value stays and changes no more.
  void close() noexcept { share_.core().close(); }

  /// Thread-safe; takes the lock.
  [[nodiscard]] watch_statistics statistics() const noexcept { return share_.core().statistics(); }

  /// For make_watch().
  explicit watch_sender(sync::end_share<sync::watch_core> share) noexcept
      : share_(std::move(share)) {}

 private:
  sync::end_share<sync::watch_core> share_;
};

/// A watcher. Move-only; for one task at a time, as it remembers what it has seen, and to be left
/// where it is while that task awaits it.
template <class T>
class watch_receiver {
 public:
  /// Another watcher, who has seen what this one has.
  [[nodiscard]] watch_receiver clone() const noexcept {
    watch_receiver other(share_.share_of(sync::side::receiving));
    other.seen_ = seen_;
    return other;
  }
  /// Gives this end up, as its destructor does.
  void reset() noexcept { share_.reset(); }

  /// `co_await rx.changed()` waits until the value was replaced since this watcher last looked (by
  /// changed() or get()). True: it was. False: it was not and never will be, the senders have gone
  /// or closed it. Cancellable: a cancelled wait has seen nothing.
  auto changed() noexcept { return op(share_.core(), seen_); }

  /// A copy of the latest value, which counts as seen; also after the watch was closed. Never
  /// waits. Throws what copying T throws.
  [[nodiscard]] T get() { return *static_cast<const T*>(share_.core().get(seen_).get()); }

  /// Thread-safe; takes the lock.
  [[nodiscard]] watch_statistics statistics() const noexcept { return share_.core().statistics(); }

  /// For make_watch() and subscribe().
  explicit watch_receiver(sync::end_share<sync::watch_core> share) noexcept
      : share_(std::move(share)) {}

 private:
  friend class watch_sender<T>;
  using op = sync::wait_op<sync::watch_wait, sync::watch_core&, std::uint64_t&>;

  void mark_seen() noexcept { (void)share_.core().get(seen_); }

  sync::end_share<sync::watch_core> share_;
  std::uint64_t seen_ = 0;
};

/// A sender and a first watcher, who has seen the initial value. Throws std::bad_alloc, or what T's
/// move throws.
template <class T>
[[nodiscard]] std::pair<watch_sender<T>, watch_receiver<T>> make_watch(T initial) {
  static_assert(std::copy_constructible<T>,
                "watch<T>: every watcher gets a copy of T. For something that cannot be copied use "
                "a std::shared_ptr<const T>");
  auto core = std::make_shared<sync::watch_core>(std::make_shared<const T>(std::move(initial)));
  using share = sync::end_share<sync::watch_core>;
  return {watch_sender<T>(share(core, sync::side::sending)),
          watch_receiver<T>(share(core, sync::side::receiving))};
}

}  // namespace dwell::inline v0
