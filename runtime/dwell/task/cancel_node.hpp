// The tree through which a cancellation reaches every sleeping chain.
//
// Each join (a gather, a spawned task, run itself) is a node; its chains' roots hang below it, and
// so do the joins that those chains wait for. The tree costs nothing until somebody sleeps: a node
// enters it when the first of its chains parks, and its ancestors with it.
//
// Invariants:
//  1. A chain parks only while its node is enrolled; whoever finds `enrolled` set may arm.
//  2. A node is linked and unlinked under its parent's lock, and left before its join's waiter runs
//     again. So while a canceller holds a node's lock, the nodes below it stay.
//  3. The flag is set before the sleep words are read, with a walker's fence between; a sleeper
//     stores `arming` before it reads the flag, with a chain's fence between. One of the two sees
//     the other.
//  4. A node that is linked under an already cancelled parent is cancelled by the one who links it.
//
// Enrolment goes bottom-up, one lock at a time: a node may be linked to a parent that nobody has
// linked yet. By (4) the cancel that misses it there is repeated by whoever links the parent.
//
// A canceller walks the tree holding the locks of one path, only claims sleep words, and submits
// what it claimed after the last unlock: no user code runs under these locks. (The abort of a wait
// in a line may submit the chain behind it: sync/wait_queue.hpp.)
//
// A walker looks into the roots of chains that run on meanwhile and may end, and a chain's frame is
// destroyed when it ends. Whoever ends it takes its root out of what for_each_root() visits, fences
// as a chain, and asks whether the node is *watched*; a walker watches the node, fences, and then
// asks for the roots, under the node's lock. Either the walker finds the root gone, or the ender
// finds the node watched: then it passes through the lock before it destroys the frame. A node
// stays watched for ever: most are, if at all, because they were cancelled. A cancel watches all
// its nodes before one fence; in its second walk it fences once more for each node that it did not
// watch itself (`watcher_`).
//
// The fences. Most nodes are never cancelled, and have chains by the thousand: there a chain's
// fence is the light half of an asymmetric pair, and the walker's the heavy one, a system call that
// interrupts every processor of the process (os/asymmetric_fence.hpp). A node that *expects its
// cancel*, as a race does each time, has few chains: they fence fully, and so does a walker who
// meets only such nodes. Without that a server whose requests each race against their client's
// leaving spends half of its time in the kernel's interrupts.
//
// A node may be *shielded*: a cancel from above stops at it, in the walk, in the look upwards and
// when it is linked. It still hangs in the tree, so dumps see what sleeps below it. Only a deadlock
// goes through shields: nothing else could ever wake what is stuck behind one.
//
// Each node remembers why it was cancelled, and whether by itself or by its surroundings: a scope
// converts its own cancellation only, and lets one from outside pass.
//
// Rejected: one list entry per sleeping chain (a lock for each of a hundred thousand children), and
// a walk that follows the deques (chains move).
#pragma once

#include <cstdint>

#include <dwell/base/atomic.hpp>
#include <dwell/base/export.hpp>
#include <dwell/os/asymmetric_fence.hpp>
#include <dwell/os/clock.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/task/binding.hpp>
#include <dwell/task/executor.hpp>
#include <dwell/task/frame_header.hpp>

namespace dwell::inline v0::core {

/// Why a node was cancelled. What came first stays.
enum class cancel_reason : std::uint8_t {
  none,       // it is not cancelled
  outer,      // a node above it was
  requested,  // somebody asked for it
  failure,    // one of its chains failed
  deadline,   // its time is over
  shutdown,   // the runtime ends
  deadlock,   // every task slept and nothing could wake one
};

class DWELL_API cancel_node {
 public:
  cancel_node() = default;
  cancel_node(const cancel_node&) = delete;
  cancel_node& operator=(const cancel_node&) = delete;

  /// Level-triggered: once true, true for ever.
  [[nodiscard]] bool cancelled() const noexcept {
    // relaxed: ordered against the sleep words by the fences of invariant 3, and otherwise a hint
    // that a chain acts on at its next await.
    return reason() != cancel_reason::none;
  }
  /// Final once it is not `none`.
  [[nodiscard]] cancel_reason reason() const noexcept {
    return reason_.load(base::relaxed);  // relaxed: as in cancelled()
  }
  /// Whether a chain of this node that has not started yet should not start any more. Looks one
  /// level up as well: a node that is not enrolled does not hear of its parent's cancellation.
  [[nodiscard]] bool skips_new_chains() const noexcept {
    return cancelled() || (parent_ != nullptr && !shielded_ && parent_->cancelled());
  }
  /// Whether this node or, as far up as nobody is enrolled or shielded, an ancestor was cancelled.
  [[nodiscard]] bool cancel_requested() const noexcept;

  /// Cancels this node and everything below it. Any thread that keeps the node alive; idempotent.
  /// Costs a fence, which is heavy unless all nodes below expect their cancel, and a visit to each
  /// chain below. Nodes below that are shielded are left alone, unless the reason is a deadlock.
  void cancel(executor& exec, cancel_reason why = cancel_reason::requested) noexcept;

  /// A chain of this node is about to park.
  void ensure_enrolled(executor& exec) noexcept {
    // acquire: pairs with the release in enrol(): whoever sees it set sees the links.
    if (!enrolled_.load(base::acquire)) enrol(exec);
  }

  /// A chain of this node has ended, and its root was taken out of what for_each_root() visits:
  /// returns when no walker looks at its frame any more.
  void let_walkers_pass() noexcept {
    fence_as_chain();  // pairs with fence_as_walker() in visit_roots() and cancel()
    // relaxed: ordered by the fence.
    if (watched_.load(base::relaxed)) [[unlikely]]
      pass_through_lock();
  }

  /// By a chain of this node, between a store that walkers look for and a load of what they store.
  void fence_as_chain() const noexcept {
    if (cancel_expected_)
      base::fence(base::seq_cst);  // pairs with both of fence_as_walker()
    else
      os::light_fence();  // pairs with the heavy one there
  }

  [[nodiscard]] cancel_node* parent() const noexcept { return parent_; }

  /// When this node cancels itself, os::never_ns for never.
  [[nodiscard]] virtual std::int64_t deadline_ns() const noexcept { return os::never_ns; }
  /// When this node is cancelled for want of time at the latest: the earliest deadline from here up
  /// to the next shield. For a chain of this node: what is above stays as long as it runs.
  [[nodiscard]] std::int64_t effective_deadline_ns() const noexcept;

  /// What this node keeps for the chains below it under the address `key`, or null.
  [[nodiscard]] virtual void* kept(const void* key) noexcept {
    (void)key;
    return nullptr;
  }
  /// What the nearest node from here up keeps under `key`, or null. Called as the one before.
  [[nodiscard]] void* find_kept(const void* key) noexcept;

  /// What is bound for the chains of this node and not for those above it, if anything is.
  [[nodiscard]] virtual bindings own_bindings() const noexcept { return nullptr; }
  /// What is bound for the chains of this node. For one of them: what is above stays as long as it
  /// runs. Linear in the depth of the scopes.
  [[nodiscard]] bindings visible_bindings() const noexcept;

  /// Calls `visit` for the root of each chain of this node whose frame still exists.
  using root_visitor = void (*)(void* context, frame_header& root);
  virtual void for_each_root(root_visitor visit, void* context) noexcept = 0;

  /// Calls `visit` for the roots of this node and of every node enrolled below it, under their
  /// locks: for dumps. Costs a heavy fence for each node.
  void visit_all_roots(root_visitor visit, void* context) noexcept;

 protected:
  ~cancel_node() = default;

  /// Before any chain of this node runs. Without a parent it is the top of a tree; a parent must
  /// outlive it.
  void hang_below(cancel_node& parent) noexcept { parent_ = &parent; }

  /// Before any chain of this node runs: cancellations from above shall not enter it.
  void raise_shield() noexcept { shielded_ = true; }
  [[nodiscard]] bool shielded() const noexcept { return shielded_; }

  /// Before anybody else knows of this node: most often it is cancelled, or its chains are few.
  void expect_cancel() noexcept { cancel_expected_ = true; }

  /// Leaves the tree. Called once, when the last chain has ended, before the waiter runs again.
  void leave() noexcept {
    // relaxed: the chain that enrolled this node has ended, and its end is ordered before this by
    // the join's counter.
    if (enrolled_.load(base::relaxed)) unlink();
  }

 private:
  enum class shields : std::uint8_t { respected, entered };
  using node_visitor = void (*)(void* context, cancel_node& node);

  [[nodiscard]] bool claim(cancel_reason why) noexcept;
  static void fence_as_walker(bool all_expect_it) noexcept;
  void watch(const void* watcher) noexcept;
  void pass_through_lock() noexcept;
  void visit_roots(const void* watcher, root_visitor visit, void* context) noexcept;
  void walk(node_visitor visit, void* context, shields policy) noexcept;
  [[nodiscard]] static cancel_node* enterable(cancel_node* first, shields policy) noexcept;
  void enrol(executor& exec) noexcept;
  [[nodiscard]] bool link(cancel_node& child) noexcept;
  void unlink() noexcept;

  cancel_node* parent_ = nullptr;
  // Siblings and children: under the lock of the node that they hang below.
  cancel_node* previous_ = nullptr;
  cancel_node* next_ = nullptr;
  cancel_node* first_child_ = nullptr;
  const void* watcher_ = nullptr;  // who watched last; under this node's lock
  os::lock lock_;
  base::atomic<cancel_reason> reason_{cancel_reason::none};
  base::atomic<bool> enrolled_{false};
  base::atomic<bool> watched_{false};
  // Written before others know of the node:
  bool shielded_ = false;
  bool cancel_expected_ = false;
};

}  // namespace dwell::inline v0::core
