// single_flight: those who ask for the same thing at the same time share one call.
//
// Each key that is being asked for has a *flight*: a once, and what came of it. The flight lives as
// long as somebody is on it, and takes passengers until it has landed: who asks afterwards gets a
// new one. The first to board runs the call in his own scope; if he is cancelled the next one runs
// his own (sync/once.hpp), so one caller's timeout is not another's failure. A failure is shared:
// a thousand callers of a service that is down ask it once, not a thousand times in a row.
//
// Rejected: running the call in a task of its own (nobody's scope would reach it, and it would run
// on when nobody waits any more); keeping what was got (that is a cache, and needs an age).
#pragma once

#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <type_traits>
#include <utility>

#include <dwell/os/lock.hpp>
#include <dwell/sync/once.hpp>
#include <dwell/task/cancelled.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0 {

/// What single_flight::statistics() tells.
struct single_flight_statistics {
  /// Keys that are being asked for.
  std::size_t flights = 0;
  /// How many calls were made, and how many run() were served by another's.
  std::uint64_t calls = 0;
  std::uint64_t shared = 0;
};

/// Shares calls by key. `Key` is ordered by <, `T` is copied to each caller (a std::shared_ptr for
/// what is large). Any thread; comparing keys runs under a lock. It must outlive its calls.
template <class Key, class T>
class single_flight {
 public:
  single_flight() = default;
  single_flight(const single_flight&) = delete;
  single_flight& operator=(const single_flight&) = delete;
  ~single_flight() = default;

  /// `co_await s.run(key, fn)` gives what `fn`, which returns a task<T>, gives; while such a call
  /// for an equal key is running, waits for that one instead and copies its value, or throws its
  /// exception. Cancellable: a caller that waits goes without effect; one that runs cancels `fn`,
  /// and the next in line runs its own. Throws std::bad_alloc.
  template <class F>
  task<T> run(Key key, F fn);

  /// Any thread. A picture of one moment.
  [[nodiscard]] single_flight_statistics statistics() const {
    const os::lock_guard guard(lock_);
    return {boarding_.size(), calls_, shared_};
  }

 private:
  struct flight {
    once call;
    std::optional<T> value;    // written by the one who runs, before the others go on
    std::exception_ptr error;  // the same
    std::size_t aboard = 0;    // under the lock
  };
  using flight_map = std::map<Key, std::shared_ptr<flight>>;

  /// A place on a flight. Whoever leaves last takes it off the board.
  class seat {
   public:
    seat(single_flight& owner, const Key& key)
        : owner_(owner), key_(key), flight_(owner.board(key)) {}
    seat(const seat&) = delete;
    seat& operator=(const seat&) = delete;
    ~seat() { owner_.leave(key_, flight_); }

    [[nodiscard]] flight& operator*() const noexcept { return *flight_; }
    /// Nobody boards it any more.
    void land() { owner_.land(key_, flight_); }

   private:
    single_flight& owner_;
    const Key& key_;
    std::shared_ptr<flight> flight_;
  };

  template <class F>
  task<> call(seat& mine, F& fn);
  [[nodiscard]] std::shared_ptr<flight> board(const Key& key);
  void land(const Key& key, const std::shared_ptr<flight>& f);
  void take_off_board(const Key& key, const std::shared_ptr<flight>& f);
  void leave(const Key& key, const std::shared_ptr<flight>& f);
  void count(bool called);

  mutable os::lock lock_;
  flight_map boarding_;  // this and what follows: under the lock
  std::uint64_t calls_ = 0;
  std::uint64_t shared_ = 0;
};

template <class Key, class T>
auto single_flight<Key, T>::board(const Key& key) -> std::shared_ptr<flight> {
  const os::lock_guard guard(lock_);
  auto found = boarding_.find(key);
  if (found == boarding_.end()) found = boarding_.emplace(key, std::make_shared<flight>()).first;
  ++found->second->aboard;
  return found->second;
}

// Under the lock. The key may have another flight by now.
template <class Key, class T>
void single_flight<Key, T>::take_off_board(const Key& key, const std::shared_ptr<flight>& f) {
  const auto found = boarding_.find(key);
  if (found != boarding_.end() && found->second == f) boarding_.erase(found);
}

template <class Key, class T>
void single_flight<Key, T>::land(const Key& key, const std::shared_ptr<flight>& f) {
  const os::lock_guard guard(lock_);
  take_off_board(key, f);
}

template <class Key, class T>
void single_flight<Key, T>::leave(const Key& key, const std::shared_ptr<flight>& f) {
  const os::lock_guard guard(lock_);
  if (--f->aboard == 0) take_off_board(key, f);
}

template <class Key, class T>
void single_flight<Key, T>::count(bool called) {
  const os::lock_guard guard(lock_);
  ++(called ? calls_ : shared_);
}

// An error ends the call as a value does; a cancellation leaves it to the next.
template <class Key, class T>
template <class F>
task<> single_flight<Key, T>::call(seat& mine, F& fn) {
  count(true);
  flight& f = *mine;
  try {
    task<T> body = std::invoke(fn);
    f.value.emplace(co_await std::move(body));
  } catch (const cancelled&) {
    throw;
  } catch (...) {
    f.error = std::current_exception();
  }
  mine.land();
}

template <class Key, class T>
template <class F>
task<T> single_flight<Key, T>::run(Key key, F fn) {
  seat mine(*this, key);
  bool runs = false;
  const auto run_here = [this, &mine, &fn, &runs] {
    runs = true;
    return call(mine, fn);
  };
  co_await (*mine).call.call_once(run_here);
  if (!runs) count(false);
  if ((*mine).error != nullptr) std::rethrow_exception((*mine).error);
  co_return *(*mine).value;
}

}  // namespace dwell::inline v0
