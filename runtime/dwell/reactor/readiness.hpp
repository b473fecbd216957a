// One direction of one socket: whether a call may succeed, or who waits until it may.
//
//                 announce()                      announce(): wakes the chain
//      nothing ───────────────▶ ready      waiting ───────────────────────────▶ nothing
//         ▲ │                     │           ▲ │
//         │ └─────── arm() ───────┼───────────┘ │
//         ├──── arm(): try again ─┘             │
//         └───────────────── forget() ──────────┘
//
// The waiter tries its call first and arms only after EAGAIN. The poller's events are edges: what
// it announces once it never says again, so `ready` stays until a waiter consumes it.
//
// Invariant: no edge is lost. A waiter that consumes `ready`, or is woken, tries its call again
// afterwards; whatever became possible before is then found by the call, and whatever becomes
// possible later is announced later. So `ready` may be old, and costs one call in vain; it is never
// missing.
//
// One word and no counts: a small counter of edges can come round to the value that the waiter
// remembers (Tokio's readiness tick did), and there is nothing here to compare.
#pragma once

#include <cstdint>

#include <dwell/base/atomic.hpp>
#include <dwell/base/panic.hpp>
#include <dwell/task/frame_header.hpp>

namespace dwell::inline v0::reactor {

class readiness {
 public:
  /// The attendant: a call may succeed now. Returns the chain to wake, if one waits.
  [[nodiscard]] core::frame_header* announce() noexcept {
    std::uintptr_t seen = word_.load(base::relaxed);  // relaxed: a guess
    // acquire: pairs with the release in arm(): the chain travels on to its worker. release: pairs
    // with the acquire in arm(): the call that follows sees what the poller saw. Also where nothing
    // changes: only an exchange is certain to come after a consumer's.
    while (!word_.compare_exchange_weak(seen, seen > ready ? nothing : ready, base::acq_rel,
                                        base::relaxed)) {
    }
    return seen > ready ? reinterpret_cast<core::frame_header*>(seen) : nullptr;
  }

  /// The waiter, after EAGAIN and begin_wait(). False: something was announced; try the call again.
  [[nodiscard]] bool arm(core::frame_header& root) noexcept {
    std::uintptr_t seen = nothing;
    // release, acquire: pair with announce().
    if (word_.compare_exchange_strong(seen, reinterpret_cast<std::uintptr_t>(&root), base::release,
                                      base::relaxed))
      return true;
    DWELL_ASSERT(seen == ready, "one task at a time reads from a socket, and one writes to it");
    word_.exchange(nothing, base::acquire);
    return false;
  }

  /// The waiter, instead of a call that would only say EAGAIN: as arm() when it returned false.
  [[nodiscard]] bool consume() noexcept {
    // relaxed, then acquire: as in arm(). Only the waiter takes `ready` away.
    return word_.load(base::relaxed) == ready && word_.exchange(nothing, base::acquire) == ready;
  }

  /// A canceller that pins the waiter. True: it will not be woken from here.
  [[nodiscard]] bool forget(core::frame_header& root) noexcept {
    std::uintptr_t seen = reinterpret_cast<std::uintptr_t>(&root);
    // relaxed: who wins is a matter of this one word.
    return word_.compare_exchange_strong(seen, nothing, base::relaxed, base::relaxed);
  }

  [[nodiscard]] bool has_waiter() const noexcept {
    return word_.load(base::relaxed) > ready;  // relaxed: asked by whoever owns the socket
  }

  /// For the next socket in this place.
  void reset() noexcept { word_.store(nothing, base::relaxed); }  // relaxed: a hint, as all here

 private:
  static constexpr std::uintptr_t nothing = 0;
  static constexpr std::uintptr_t ready = 1;

  base::atomic<std::uintptr_t> word_{nothing};
};

}  // namespace dwell::inline v0::reactor
