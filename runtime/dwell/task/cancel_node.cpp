#include <dwell/os/asymmetric_fence.hpp>
#include <dwell/task/cancel_node.hpp>
#include <dwell/task/wait.hpp>

namespace dwell::inline v0::core {

namespace {

// The waits that a canceller ended, submitted together after its last unlock.
struct claimed_waits {
  work first;

  void claim(frame_header& root) noexcept {
    wait* const w = root.sleep.try_cancel();
    if (w == nullptr) return;
    const bool aborted = w->abort();
    if (aborted) w->mark_cancelled();
    if (!root.sleep.finish_abort(*w, aborted)) return;
    w->next_work = first.bits();
    first = work::of_wait(*w);
  }

  void submit(executor& exec) noexcept {
    while (first) {
      wait& w = first.waiting();
      first = work::from_bits(w.next_work);  // before submit: its leaf may end the wait's life
      exec.submit(w);
    }
  }
};

}  // namespace

bool cancel_node::cancel_requested() const noexcept {
  for (const cancel_node* node = this; node != nullptr; node = node->parent_) {
    if (node->cancelled()) return true;
    // acquire: as in ensure_enrolled(). An enrolled node hears of its ancestors by itself.
    if (node->enrolled_.load(base::acquire)) return false;
  }
  return false;
}

void cancel_node::cancel(executor& exec) noexcept {
  // relaxed: the heavy fence below orders the flags before the sleep words are read.
  if (cancelled_.exchange(true, base::relaxed)) return;
  walk([](void*, cancel_node& node) { node.cancelled_.store(true, base::relaxed); }, nullptr);
  os::heavy_fence();
  claimed_waits claimed;
  walk(
      [](void* list, cancel_node& node) {
        node.for_each_root(
            [](void* l, frame_header& root) { static_cast<claimed_waits*>(l)->claim(root); }, list);
      },
      &claimed);
  claimed.submit(exec);
}

// Depth first without recursion (a tree may be a million deep), holding the locks from here down to
// the node visited: a node's links belong to the lock above it.
void cancel_node::walk(node_visitor visit, void* context) noexcept {
  cancel_node* node = this;
  node->lock_.acquire();
  visit(context, *node);
  for (;;) {
    if (node->first_child_ != nullptr) {
      node = node->first_child_;
      node->lock_.acquire();
      visit(context, *node);
      continue;
    }
    while (node != this && node->next_ == nullptr) {
      cancel_node* const up = node->parent_;
      node->lock_.release();
      node = up;
    }
    if (node == this) break;
    cancel_node* const sibling = node->next_;
    node->lock_.release();
    node = sibling;
    node->lock_.acquire();
    visit(context, *node);
  }
  lock_.release();
}

void cancel_node::enrol(executor& exec) noexcept {
  for (cancel_node* node = this; node != nullptr; node = node->parent_) {
    cancel_node* const parent = node->parent_;
    if (parent == nullptr) {
      // release: as in link(); the top of the tree hangs below nobody.
      node->enrolled_.store(true, base::release);
      return;
    }
    const bool parent_cancelled = parent->link(*node);
    if (parent_cancelled) node->cancel(exec);
    // acquire: as in ensure_enrolled().
    if (parent->enrolled_.load(base::acquire)) return;
  }
}

// Links `child` below this node unless it is; says whether this node was cancelled by then.
bool cancel_node::link(cancel_node& child) noexcept {
  const os::lock_guard guard(lock_);
  // relaxed: written under this lock only.
  if (!child.enrolled_.load(base::relaxed)) {
    child.next_ = first_child_;
    if (first_child_ != nullptr) first_child_->previous_ = &child;
    first_child_ = &child;
    // release: pairs with the acquire in ensure_enrolled().
    child.enrolled_.store(true, base::release);
  }
  return cancelled();
}

void cancel_node::unlink() noexcept {
  if (parent_ == nullptr) return;
  const os::lock_guard guard(parent_->lock_);
  DWELL_ASSERT(first_child_ == nullptr, "a join ends after the joins that its chains waited for");
  if (previous_ != nullptr) previous_->next_ = next_;
  if (previous_ == nullptr) parent_->first_child_ = next_;
  if (next_ != nullptr) next_->previous_ = previous_;
}

}  // namespace dwell::inline v0::core
