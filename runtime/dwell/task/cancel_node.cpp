#include <algorithm>

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
    if (node->shielded_ || node->enrolled_.load(base::acquire)) return false;
  }
  return false;
}

std::int64_t cancel_node::effective_deadline_ns() const noexcept {
  std::int64_t earliest = os::never_ns;
  for (const cancel_node* node = this; node != nullptr; node = node->parent_) {
    earliest = std::min(earliest, node->deadline_ns());
    if (node->shielded_) break;
  }
  return earliest;
}

void* cancel_node::find_kept(const void* key) noexcept {
  void* found = nullptr;
  for (cancel_node* node = this; node != nullptr && found == nullptr; node = node->parent_)
    found = node->kept(key);
  return found;
}

bindings cancel_node::visible_bindings() const noexcept {
  bindings found;
  for (const cancel_node* node = this; node != nullptr && found == nullptr; node = node->parent_)
    found = node->own_bindings();
  return found;
}

// A node keeps the first reason: two cancellers meet at it without a common lock.
bool cancel_node::claim(cancel_reason why) noexcept {
  if (cancelled())
    return false;  // each child of a cancelled gather comes by: spare it the exchange
  cancel_reason none = cancel_reason::none;
  // release: pairs with the acquire in scope_join::body_ended(), which waits for the canceller.
  // (The fence in cancel() orders the flags before the sleep words are read.)
  return reason_.compare_exchange_strong(none, why, base::release, base::relaxed);
}

void cancel_node::cancel(executor& exec, cancel_reason why) noexcept {
  // A deadlock goes on into what earlier cancellations left alone.
  const bool deadlock = why == cancel_reason::deadlock;
  if (!claim(why) && !deadlock) return;
  const shields policy = deadlock ? shields::entered : shields::respected;
  struct cancelling {
    claimed_waits claimed{};
    bool all_expect_it = true;
  } state;
  walk(
      [](void* watcher, cancel_node& node) {
        (void)node.claim(cancel_reason::outer);
        node.watch(watcher);
        if (!node.cancel_expected_) static_cast<cancelling*>(watcher)->all_expect_it = false;
      },
      &state, policy);
  // Pairs with fence_as_chain() in begin_wait() and let_walkers_pass().
  fence_as_walker(state.all_expect_it);
  walk(
      [](void* watcher, cancel_node& node) {
        const auto claim = [](void* s, frame_header& root) {
          static_cast<cancelling*>(s)->claimed.claim(root);
        };
        node.visit_roots(watcher, claim, watcher);
      },
      &state, policy);
  state.claimed.submit(exec);
}

void cancel_node::visit_all_roots(root_visitor visit, void* context) noexcept {
  struct visitor {
    root_visitor visit;
    void* context;
  } each{visit, context};
  walk(
      [](void* v, cancel_node& node) {
        auto& [visit_root, its_context] = *static_cast<visitor*>(v);
        node.visit_roots(v, visit_root, its_context);
      },
      &each, shields::entered);
}

void cancel_node::fence_as_walker(bool all_expect_it) noexcept {
  if (all_expect_it)
    base::fence(base::seq_cst);  // pairs with the full one in fence_as_chain()
  else
    os::heavy_fence();  // pairs with both there
}

// Under this node's lock, as visit_roots().
void cancel_node::watch(const void* watcher) noexcept {
  watcher_ = watcher;
  watched_.store(true, base::relaxed);  // relaxed: ordered by the fence that follows
}

// A node that `watcher` did not watch before its last fence was linked since, or another walker has
// been here.
void cancel_node::visit_roots(const void* watcher, root_visitor visit, void* context) noexcept {
  if (watcher_ != watcher) {
    watch(watcher);
    fence_as_walker(cancel_expected_);  // pairs with the one in let_walkers_pass()
  }
  for_each_root(visit, context);
}

void cancel_node::pass_through_lock() noexcept { const os::lock_guard guard(lock_); }

// The first of the siblings from `first` on that the walk may enter.
cancel_node* cancel_node::enterable(cancel_node* first, shields policy) noexcept {
  while (policy == shields::respected && first != nullptr && first->shielded_) first = first->next_;
  return first;
}

// Depth first without recursion (a tree may be a million deep), holding the locks from here down to
// the node visited: a node's links belong to the lock above it.
void cancel_node::walk(node_visitor visit, void* context, shields policy) noexcept {
  cancel_node* node = this;
  for (cancel_node* next = this; next != nullptr;) {
    node = next;
    node->lock_.acquire();
    visit(context, *node);
    next = enterable(node->first_child_, policy);
    while (next == nullptr && node != this) {
      cancel_node* const up = node->parent_;
      next = enterable(node->next_, policy);
      node->lock_.release();
      node = up;
    }
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
    if (parent_cancelled && !node->shielded_) node->cancel(exec, cancel_reason::outer);
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
