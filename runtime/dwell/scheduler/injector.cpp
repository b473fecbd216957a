#include <concurrentqueue/concurrentqueue.h>

#include <dwell/scheduler/injector.hpp>

namespace dwell::inline v0::scheduler {

using core::work;

struct injector::queue {
  static constexpr std::size_t preallocated = 4096;
  moodycamel::ConcurrentQueue<std::uintptr_t> items{preallocated};
  moodycamel::ProducerToken producer{items};
};

injector::injector() : queue_(std::make_unique<queue>()) {}
injector::~injector() = default;

bool injector::push(work w) noexcept {
  {
    const os::lock_guard guard(push_lock_);
    if (!queue_->items.enqueue(queue_->producer, w.bits())) {
      if (w.what() != work::kind::wait && w.what() != work::kind::batch) return false;
      w.link().next_work = overflow_.bits();
      overflow_ = w;
      overflowing_.store(true, base::relaxed);  // relaxed: size_ announces it
    }
  }
  // relaxed: the queue and the lock publish the work itself; towards a worker about to sleep the
  // fence in idle::notify_of_injection() orders it.
  size_.fetch_add(1, base::relaxed);
  return true;
}

work injector::pop() noexcept {
  if (empty()) return {};
  std::uintptr_t bits = 0;
  work found;
  if (queue_->items.try_dequeue(bits))
    found = work::from_bits(bits);
  else if (overflowing_.load(base::relaxed))  // relaxed: a hint; the lock decides
    found = pop_overflow();
  // relaxed: the item itself was handed over by the queue or under the lock.
  if (found) size_.fetch_sub(1, base::relaxed);
  return found;
}

work injector::pop_overflow() noexcept {
  const os::lock_guard guard(push_lock_);
  const work first = overflow_;
  if (!first) return {};
  overflow_ = work::from_bits(first.link().next_work);
  if (!overflow_) overflowing_.store(false, base::relaxed);  // relaxed: as above
  return first;
}

}  // namespace dwell::inline v0::scheduler
