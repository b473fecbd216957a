// The queue through which work enters the pool from outside: other threads, the reactor, and chains
// that gave way.
//
// It is a moodycamel::ConcurrentQueue with a counter of our own beside it. The queue's try_dequeue
// is only eventually consistent: it may say "empty" while completed enqueues sit in it. So whether
// there is work is never asked of the queue. `size` is raised after an enqueue has completed and
// lowered after a dequeue has; a worker that sees it above zero before it sleeps stays awake and
// tries again.
//
// The queue keeps one order for each producer and none between them: a chain that gives way over
// and over could stay ahead of work from another thread for ever. So all pushes go through one
// producer, under a lock, and the order is first in, first out for everybody; pops take no lock.
//
// Waits and batches can always enter: where the queue finds no memory they go to a list linked
// through themselves, so no wake-up ever fails.
#pragma once

#include <cstdint>
#include <memory>

#include <dwell/base/atomic.hpp>
#include <dwell/base/cache_line.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/task/work.hpp>

namespace dwell::inline v0::scheduler {

class injector {
 public:
  injector();
  ~injector();

  /// Appends. False when there is no memory; cannot happen for waits and batches.
  [[nodiscard]] bool push(core::work w) noexcept;

  /// The work that was pushed first; empty when none is found just now.
  [[nodiscard]] core::work pop() noexcept;

  /// Completed pushes not yet popped, as far as this thread's fences show.
  [[nodiscard]] bool empty() const noexcept { return size() <= 0; }
  [[nodiscard]] std::int64_t size() const noexcept {
    // relaxed: a hint, and before a sleep ordered by the fence that announcing it asks for.
    return size_.load(base::relaxed);
  }

 private:
  [[nodiscard]] core::work pop_overflow() noexcept;

  struct queue;
  std::unique_ptr<queue> queue_;
  alignas(base::cache_line) base::atomic<std::int64_t> size_{0};
  base::atomic<bool> overflowing_{false};
  os::lock push_lock_;  // one producer; also guards the overflow list
  core::work overflow_;
};

}  // namespace dwell::inline v0::scheduler
