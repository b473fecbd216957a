// What the root of a chain reports to when it ends, and the scope that it lives in.
#pragma once

#include <dwell/task/cancel_node.hpp>

namespace dwell::inline v0::core {

struct run_context;

/// Base of gather, of a spawned task and of run(): waits for the ends of its chains.
///
/// A chain may be *attached*: running inline on the worker that started the join, where nobody
/// could steal it, so that its end can be counted without an atomic operation. Whenever an attached
/// chain leaves its worker's inline chain (it sleeps, it yields, its own join has stolen children
/// left), it and every ancestor that is still attached must be detached first, from the inside out,
/// and their plain counts settled: afterwards anybody may end them. The owner's worker attaches
/// again whatever child it takes from its own queue: the plain count is still its own.
class DWELL_API join : public cancel_node {
 public:
  /// The worker that may count ends plainly, or null. Written before any chain runs.
  [[nodiscard]] const run_context* owner() const noexcept { return owner_; }

  /// The chain of `root` has run to its end. Returns the frame that the calling worker continues
  /// with, or null. The join may be gone when this returns.
  [[nodiscard]] virtual frame_header* chain_ended(frame_header& root) noexcept = 0;

  /// An attached chain of this join is being detached: publishes what was counted plainly. Returns
  /// the root of the chain that waits for this join, or null.
  [[nodiscard]] virtual frame_header* settle() noexcept { return nullptr; }

  /// The frame that waits for this join, or null: for dumps.
  [[nodiscard]] virtual frame_header* waiter() const noexcept { return nullptr; }

 protected:
  ~join() = default;
  void set_owner(const run_context& worker) noexcept { owner_ = &worker; }

 private:
  const run_context* owner_ = nullptr;
};

/// Detaches the chain of `root` and its attached ancestors. Called by the worker that runs it.
inline void detach_chain(frame_header& root) noexcept {
  for (frame_header* r = &root; r != nullptr && r->attached;) {
    r->attached = false;
    r = r->joined().settle();
  }
}

}  // namespace dwell::inline v0::core
