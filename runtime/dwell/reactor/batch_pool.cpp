#include <dwell/reactor/batch_pool.hpp>

namespace dwell::inline v0::reactor {

using core::work;

batch_pool::batch_pool(std::size_t batches) : count_(batches) { batches_.reserve(batches); }

core::wake_batch* batch_pool::take() noexcept {
  if (exhausted()) return nullptr;
  if (!free_) return &make();
  core::wake_batch& batch = free_.batch();
  free_ = work::from_bits(batch.next_work);
  batch.count = 0;
  return &batch;
}

core::wake_batch& batch_pool::make() noexcept {
  pooled& batch = batches_.emplace_back();
  batch.home = this;
  batch.recycle = &batch_pool::recycle;
  return batch;
}

void batch_pool::recycle(core::wake_batch& emptied) noexcept {
  base::atomic<std::uintptr_t>& head = static_cast<pooled&>(emptied).home->returned_;
  std::uintptr_t seen = head.load(base::relaxed);  // relaxed: a guess
  do {
    emptied.next_work = seen;
    // release: pairs with the acquire in take_returned(); the worker is done with the batch.
  } while (!head.compare_exchange_weak(seen, work::of_batch(emptied).bits(), base::release,
                                       base::relaxed));
}

bool batch_pool::take_returned() noexcept {
  if (returned_.load(base::relaxed) == 0) return false;  // relaxed: a look before the exchange
  // acquire: pairs with the release in recycle().
  free_ = work::from_bits(returned_.exchange(0, base::acquire));
  return static_cast<bool>(free_);
}

}  // namespace dwell::inline v0::reactor
