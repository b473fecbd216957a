// Stands in front of moodycamel's concurrentqueue in the models: not its code but its contract, at
// its weakest. An item that was enqueued completely comes out once, with what was written before
// it; but a dequeue may say "empty" although such items are there.
#pragma once

#include <cstddef>

#include "../../explorer/model.hpp"

namespace moodycamel {

/// How many enqueues succeed; later ones find no memory.
inline unsigned capacity = 2;
/// How often, in one execution, a dequeue says "empty" for no reason.
inline unsigned spurious_empties = 1;

struct ProducerToken {
  template <class Queue>
  explicit ProducerToken(Queue&) {}
};

template <class T>
class ConcurrentQueue {
 public:
  explicit ConcurrentQueue(std::size_t) {}

  bool enqueue(const ProducerToken&, T item) {
    const unsigned at = tail_.fetch_add(1, std::memory_order_relaxed);
    if (at >= capacity) return false;
    slots_[at].store(item, std::memory_order_release);
    return true;
  }

  bool try_dequeue(T& item) {
    if (spurious_ > 0 && model::choose(2) == 1) {
      --spurious_;
      return false;
    }
    for (model::atomic<T>& slot : slots_) {
      item = slot.load(std::memory_order_relaxed);
      if (item != T{} && slot.compare_exchange_strong(item, T{}, std::memory_order_acquire,
                                                      std::memory_order_relaxed))
        return true;
    }
    return false;
  }

 private:
  model::atomic<T> slots_[2];
  model::atomic<unsigned> tail_{0};
  unsigned spurious_ = spurious_empties;
};

}  // namespace moodycamel
