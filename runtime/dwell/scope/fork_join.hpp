// The counting half of gather: starts n chains, knows when the last has ended, continues the
// parent.
//
// Two counts. `plain_` is the owner's: attached chains that ended on the worker that started the
// join, counted without an atomic operation. `remaining_` starts at n and is shared: every other
// chain takes one away. As long as nothing is stolen and nothing sleeps, only `plain_` moves, and
// the join is over when it reaches n: no read-modify-write at all.
//
// A chain that gave way to others leaves the inline chain, and the children behind it are popped by
// the worker's loop; it attaches each again (worker::begin), so they count plainly and go on
// inline.
//
// A derived join takes what a child has ended with, take_end(), and then has it counted, count().
// A frame may be destroyed between the two, so counting knows nothing of the child but `attached`.
//
//   fork: push children n-1 .. 1, transfer into child 0 (attached)
//   an attached child ends:  ++plain_;  plain_ == n → the parent goes on
//                            pop the own deque: a sibling → attach it, transfer into it
//                            else the rest was stolen or sleeps: settle, and leave the inline chain
//   any other child ends:    remaining_ -= 1;  0 → the parent goes on, on that worker
//   settle:                  remaining_ -= plain_, once
//
// Settling publishes the join: from then on another worker may finish it and run the parent. So the
// parent's chain, and every ancestor that is still attached, is detached *before*
// (core::detach_chain). A chain that sleeps is detached before it parks, so it is never counted
// plainly, and the join without atomics never meets a canceller.
//
// Source: the counting is libfork's and citor's idea (only what was stolen pays), on ordinary
// frames and child stealing.
#pragma once

#include <coroutine>
#include <cstdint>

#include <dwell/base/atomic.hpp>
#include <dwell/base/export.hpp>
#include <dwell/scheduler/worker.hpp>
#include <dwell/task/join.hpp>

namespace dwell::inline v0::scope {

class DWELL_API fork_join : public core::join {
 public:
  [[nodiscard]] core::frame_header* settle() noexcept final;
  [[nodiscard]] core::frame_header* waiter() const noexcept final { return parent_; }

 protected:
  ~fork_join() = default;

  /// Starts `count` > 0 children, the i-th with root `root_at(i)`, in the order of i as far as one
  /// worker runs them. Throws std::bad_alloc with nothing started. The handle is for the caller's
  /// await_suspend to return.
  template <class RootAt>
  std::coroutine_handle<> fork(core::frame_header& parent, std::uint32_t count, RootAt root_at) {
    scheduler::worker& w = *scheduler::worker::current();
    w.reserve(count);
    begin(w, parent, count);
    if (count > 1) {
      w.push_reserved(count - 1, [&](std::uint32_t pushed) -> core::frame_header& {
        const std::uint32_t i = count - 1 - pushed;
        return adopt(root_at(i), i);
      });
      w.publish();
    }
    return core::switch_chain(w, attach(adopt(root_at(0), 0)));
  }

  /// A child has ended, or is skipped and will not begin: takes what it has ended with. Its frame
  /// may be gone afterwards.
  virtual void take_end(core::frame_header& root) noexcept = 0;
  /// Counts a child whose end has been taken, and returns what the worker continues with. The join
  /// itself may be gone then: the parent that owns it goes on elsewhere.
  [[nodiscard]] core::frame_header* count(bool attached) noexcept {
    if (!attached) return count_shared();
    return ++plain_ == total_ ? finish() : next_inline();
  }

  /// Whether the caller, in the end of a child, is the first to ask.
  [[nodiscard]] bool is_first() noexcept {
    // relaxed: this decides between children; the counters order what follows from it.
    return !decided_.load(base::relaxed) && !decided_.exchange(true, base::relaxed);
  }

  /// A child never ran.
  void note_skipped() noexcept { skipped_.store(true, base::relaxed); }  // relaxed: as above
  [[nodiscard]] bool any_skipped() const noexcept {
    return skipped_.load(base::relaxed);  // relaxed: after the end, which the counters order
  }

 private:
  void begin(const core::run_context& worker, core::frame_header& parent,
             std::uint32_t count) noexcept {
    parent_ = &parent;
    total_ = count;
    set_owner(worker);
    // relaxed: the children learn of this join through the deque, which publishes.
    remaining_.store(count, base::relaxed);
    hang_below(parent.root->joined());
  }
  core::frame_header& adopt(core::frame_header& root, std::uint32_t place) noexcept {
    root.place = place;
    root.continuation = static_cast<core::join*>(this);
    root.root = &root;
    return root;
  }
  static core::frame_header& attach(core::frame_header& root) noexcept {
    root.attached = true;
    root.started = true;
    return root;
  }

  // ---- Where an attached child's end leads; inline as long as nothing was stolen or sleeps ----

  // The next sibling, or null when the rest is elsewhere.
  [[nodiscard]] core::frame_header* next_inline() noexcept {
    const core::work w = scheduler::worker::current()->pop();
    core::frame_header* const next = sibling(w);
    if (next != nullptr && !cancelled()) [[likely]]
      return &attach(*next);
    return skip_or_leave(w);
  }
  // `w` as a child of this join that has not begun. No other frame continues with this join.
  [[nodiscard]] core::frame_header* sibling(core::work w) const noexcept {
    if (!w || w.what() != core::work::kind::frame) return nullptr;
    core::frame_header& f = w.frame();
    return f.continuation == static_cast<const join*>(this) && !f.started ? &f : nullptr;
  }
  [[nodiscard]] core::frame_header* finish() noexcept {
    leave();
    return parent_;
  }

  [[nodiscard]] core::frame_header* count_shared() noexcept;
  [[nodiscard]] core::frame_header* skip_or_leave(core::work popped) noexcept;
  [[nodiscard]] core::frame_header* leave_inline(core::work popped) noexcept;

  core::frame_header* parent_ = nullptr;
  std::uint32_t total_ = 0;
  std::uint32_t plain_ = 0;  // the owner's
  base::atomic<std::uint32_t> remaining_{0};
  base::atomic<bool> decided_{false};
  base::atomic<bool> skipped_{false};
};

}  // namespace dwell::inline v0::scope
