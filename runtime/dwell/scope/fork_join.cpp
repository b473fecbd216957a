#include <utility>

#include <dwell/scope/fork_join.hpp>

namespace dwell::inline v0::scope {

using core::frame_header;
using core::work;

frame_header* fork_join::count_shared() noexcept {
  // acq_rel: publishes this child's result to whoever ends the join, and collects the others'.
  if (remaining_.fetch_sub(1, base::acq_rel) != 1) return nullptr;
  // If this worker stole the child, it has the parent now too, and that is no merit of the theft.
  scheduler::worker::current()->theft_ended();
  return finish();
}

// What was popped is no sibling, or one that the join's cancellation keeps from beginning, and with
// it all that follow.
frame_header* fork_join::skip_or_leave(work popped) noexcept {
  while (frame_header* const next = sibling(popped)) {
    next->skipped = true;
    take_end(*next);
    if (++plain_ == total_) return finish();
    popped = scheduler::worker::current()->pop();
  }
  return leave_inline(popped);
}

frame_header* fork_join::leave_inline(work popped) noexcept {
  if (popped) scheduler::worker::current()->unpop(popped);
  // acquire: pairs with the release of the children that ended elsewhere.
  if (remaining_.load(base::acquire) == plain_) return finish();
  core::detach_chain(*parent_->root);
  const std::uint32_t counted = std::exchange(plain_, 0);
  // acq_rel: as in count_shared().
  return remaining_.fetch_sub(counted, base::acq_rel) == counted ? finish() : nullptr;
}

frame_header* fork_join::settle() noexcept {
  const std::uint32_t counted = std::exchange(plain_, 0);
  // release: publishes the results counted plainly. It cannot end the join: the chain that is being
  // detached has not ended.
  if (counted > 0) remaining_.fetch_sub(counted, base::release);
  return parent_->root;
}

}  // namespace dwell::inline v0::scope
