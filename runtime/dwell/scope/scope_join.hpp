// A scope around one body: what every cancel scope, timeout and shield is made of.
//
// The body's chain begins attached, inline on the owner's worker, as a gather's first child does;
// its end continues the owner. Without a deadline that is all: no atomic operation.
//
// The deadline is an *alarm*: a timer of the reactor whose root is no coroutine. `alarm_` is a
// frame header that is skipped from the start, so when its timer fires, the worker does not resume
// it and only reports its end to this join. Nothing is allocated, and it lives in the owner's
// frame. It follows the deadline lazily: one that is moved into the future stores a number, and
// an alarm that rings too early is set again for the rest.
//
//                     set                      rings in time
//        (no alarm) ──────▶ armed ─────────────────────────────────▶ ringing ─▶ (no alarm)
//             ▲             │ ▲  └─ rings too early: set again ─┐      │ cancels the body
//             │ called off  │ └─────────────────────────────────┘      │
//             └─────────────┘                                          └─ gives up its share
//          by the body's end
//
// Lifetime. The owner's frame, with all this in it, goes on when the last of the *parties* is gone:
// the body, the alarm from the moment its timer is armed, and whoever is inside a cancel().
// `parties_` counts them. The body's end calls the timer off: if the reactor says yes, nobody will
// ever touch the alarm again, and the body ends for both. If it says no, the firing is certain to
// come, and whoever leaves last continues the owner: the body on its worker, the alarm on the one
// that ran it, and a canceller, who may be no worker, through the alarm, which nobody else uses
// then. An alarm that cancels keeps its share until cancel() has returned, so the tree stays that
// it walks; and a canceller takes his before he sets the flag that may end the body.
//
// `lock_` guards the alarm's fields and is never held while the tree is walked. Leaving is counted
// outside of it: the lock lies in the frame that the last one frees.
//
// Rejected: a coroutine for the timer (a frame and a chain for each timeout, which nearly always
// is called off), and a hand-made frame with a function pointer (relies on the compilers' layout).
#pragma once

#include <coroutine>
#include <cstdint>

#include <dwell/base/atomic.hpp>
#include <dwell/base/export.hpp>
#include <dwell/os/clock.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/reactor/reactor.hpp>
#include <dwell/task/join.hpp>
#include <dwell/task/promise.hpp>
#include <dwell/task/wait.hpp>

namespace dwell::inline v0::scope {

/// Whether cancellations of the surroundings reach the body.
enum class shielding : bool { open, shielded };

class DWELL_API scope_join : public core::join {
 public:
  /// `who` is named when the calling thread has no runtime. The scope lives in a coroutine's frame.
  scope_join(const char* who, std::int64_t deadline_ns, shielding how = shielding::open) noexcept;

  class awaiter {
   public:
    awaiter(scope_join& scope, core::frame_header& body) noexcept : scope_(scope), body_(body) {}
    static constexpr bool await_ready() noexcept { return false; }
    template <core::task_promise P>
    std::coroutine_handle<> await_suspend(std::coroutine_handle<P> owner) {
      return scope_.begin(owner.promise(), body_);
    }
    static constexpr void await_resume() noexcept {}

   private:
    scope_join& scope_;
    core::frame_header& body_;
  };

  /// What run() returns.
  class [[nodiscard]] run_op {
   public:
    run_op(scope_join& scope, core::frame_header& body) noexcept : scope_(scope), body_(body) {}
    awaiter operator co_await() const noexcept { return awaiter(scope_, body_); }

   private:
    scope_join& scope_;
    core::frame_header& body_;
  };

  /// Keeps the scope in its place while somebody outside of its body cancels it: the owner goes on
  /// no earlier. Made while the body runs, or before.
  class hold {
   public:
    explicit hold(scope_join& scope) noexcept : scope_(scope) {
      // relaxed: what the holder does that may end the body is a release, in cancel_node::claim().
      scope_.parties_.fetch_add(1, base::relaxed);
    }
    ~hold() { scope_.let_go(); }
    hold(const hold&) = delete;
    hold& operator=(const hold&) = delete;

   private:
    scope_join& scope_;
  };

  /// `co_await run(root)` runs the body to its end, whatever that is; it throws nothing but
  /// std::bad_alloc, with nothing started. A body whose scope is over before it begins is skipped.
  /// Once.
  run_op run(core::frame_header& body) noexcept { return run_op(*this, body); }

  /// After the end: whether a cancellation that the body ended with was this scope's own, and not
  /// one that comes from outside.
  [[nodiscard]] bool absorbs() const noexcept;

  [[nodiscard]] core::executor& executor() const noexcept { return exec_; }
  [[nodiscard]] std::int64_t deadline_ns() const noexcept final {
    return deadline_ns_.load(base::relaxed);  // relaxed: a number; the alarm looks again
  }
  /// Moves the deadline, os::never_ns for none. On a worker, before or while the body runs; without
  /// effect once the scope is cancelled. Throws std::bad_alloc with the deadline as it was.
  void set_deadline(const char* who, std::int64_t when_ns);
  /// set_deadline() for a body that has one already and only moves it into the future: a store.
  void push_deadline(std::int64_t when_ns) noexcept {
    deadline_ns_.store(when_ns, base::relaxed);  // relaxed: as in deadline_ns()
  }

  [[nodiscard]] core::frame_header* chain_ended(core::frame_header& root) noexcept final;
  [[nodiscard]] core::frame_header* settle() noexcept final { return owner_->root; }
  [[nodiscard]] core::frame_header* waiter() const noexcept final { return owner_; }
  void for_each_root(root_visitor visit, void* context) noexcept final;

 private:
  struct alarm_wait final : core::wait {
    alarm_wait() noexcept : wait(kind) {}
    static bool call_off(core::wait&) noexcept { return false; }  // it hangs in no tree
    static const core::wait_kind kind;
  };

  [[nodiscard]] std::coroutine_handle<> begin(core::frame_header& owner, core::frame_header& body);
  [[nodiscard]] bool over_before_it_begins() noexcept;
  void set_first_alarm();
  void store_deadline(std::int64_t when_ns);
  void set_alarm(std::int64_t when_ns) noexcept;
  void set_alarm_again(std::int64_t when_ns) noexcept;
  void take_share_for_alarm() noexcept;
  [[nodiscard]] bool call_alarm_off() noexcept;
  [[nodiscard]] core::frame_header* body_ended() noexcept;
  [[nodiscard]] std::uint32_t retire() noexcept;
  [[nodiscard]] core::frame_header* alarm_rang() noexcept;
  [[nodiscard]] bool expires_now() noexcept;
  [[nodiscard]] core::frame_header* depart(std::uint32_t shares) noexcept;
  void let_go() noexcept;
  [[nodiscard]] core::frame_header* finish() noexcept;

  core::executor& exec_;
  core::frame_header* owner_ = nullptr;
  base::atomic<core::frame_header*> body_{nullptr};
  core::frame_header alarm_{std::source_location::current()};
  alarm_wait alarm_wait_;
  base::atomic<std::int64_t> deadline_ns_;
  base::atomic<std::uint32_t> parties_{1};
  bool only_leaves_ = false;  // the alarm is sent to continue the owner
  bool timed_ = false;        // there was an alarm; written by the body's side only
  // Under the lock.
  os::lock lock_;
  bool begun_ = false;
  bool ended_ = false;
  bool armed_ = false;
  reactor::timer_port* port_ = nullptr;
  reactor::timer_ticket ticket_{};
  std::int64_t armed_for_ns_ = 0;
};

}  // namespace dwell::inline v0::scope
