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

// After an attached child: the next sibling, the parent, or null when the rest is elsewhere.
frame_header* fork_join::next_inline() noexcept {
  for (;;) {
    if (plain_ == total_) return finish();
    const work w = scheduler::worker::current()->pop();
    frame_header* const next = sibling(w);
    if (next == nullptr) return leave_inline(w);
    if (!cancelled()) [[likely]]
      return &attach(*next);
    next->skipped = true;
    take_end(*next);
    ++plain_;
  }
}

frame_header* fork_join::sibling(work w) const noexcept {
  if (!w || w.what() != work::kind::frame) return nullptr;
  frame_header& f = w.frame();
  const bool ours = f.is_root() && !f.started && f.continuation == static_cast<const join*>(this);
  return ours ? &f : nullptr;
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

frame_header* fork_join::finish() noexcept {
  leave();
  return parent_;
}

}  // namespace dwell::inline v0::scope
