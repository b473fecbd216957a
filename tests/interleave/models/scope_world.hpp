// What the models of cancel scopes share: a scope with its owner and its body, chains without
// coroutines; a timer that is one production cell; and a thread that fires it and runs the alarm as
// a worker does. The scope is freed as soon as its owner goes on.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include <dwell/reactor/reactor.hpp>
#include <dwell/scope/scope_join.cpp>
#include <dwell/task/cancel_node.cpp>
#include <dwell/task/cancelled.cpp>
#include <dwell/task/context.cpp>
#include <dwell/task/park.cpp>

#include "../explorer/model.hpp"
#include "latch.hpp"
#include "quiet_executor.hpp"

namespace core = dwell::core;
using dwell::reactor::timer_cell;
using dwell::scope::scope_join;

inline constexpr std::int64_t before = 100;
inline constexpr std::int64_t deadline = 200;
inline constexpr std::int64_t after = 300;

/// The only timer, what time it is on this thread, and a way to wait for its next arming.
struct the_timer {
  timer_cell cell;
  latch armed{1};
  std::int64_t armings = 0;
  model::atomic<int> inbox{0};  // as the reactor's: what is armed reaches it whole
};
inline the_timer* timer = nullptr;
inline int late_thread = -1;
inline std::int64_t late_time = after;

namespace dwell::inline v0 {

std::int64_t os::now_ns() noexcept {
  return model::this_thread() == late_thread ? late_time : before;
}

void reactor::timer_port::reserve() {}
reactor::timer_ticket reactor::timer_port::arm(core::frame_header& root,
                                               std::int64_t deadline_ns) noexcept {
  ++timer->armings;
  const std::uint32_t generation = timer->cell.arm(root, deadline_ns);
  timer->inbox.store(1, std::memory_order_release);
  if (timer->armings == 1) timer->armed.count_down();
  return {0, generation};
}
bool reactor::reactor::cancel(std::uint32_t, timer_ticket ticket) noexcept {
  return timer->cell.cancel(ticket.generation);
}

}  // namespace dwell::inline v0

/// The scope around the owner; the chain that cancels it is not modelled.
struct outer_scope final : core::join {
  core::frame_header* chain_ended(core::frame_header&) noexcept override { return nullptr; }
  void for_each_root(root_visitor, void*) noexcept override {}
};

/// Sleeps until it is cancelled, or ends at once.
struct body_chain final : core::promise_base {
  body_chain() : promise_base(std::source_location::current()) { model::name(result, "result"); }

  struct endless final : core::wait {
    endless() : wait(kind) {}
    static bool call_off(core::wait&) noexcept { return true; }
    static constexpr core::wait_kind kind{"endless", &endless::call_off};
  };
  /// True when it sleeps.
  bool sleep() {
    const auto leaf = std::coroutine_handle<core::promise_base>::from_promise(*this);
    if (!core::begin_wait(waiting, std::coroutine_handle<>(leaf))) return false;
    return core::end_wait(waiting);
  }

  endless waiting;
  model::var<int> result{0};
};

class scope_world final : public quiet_executor {
 public:
  using quiet_executor::submit;

  scope_world() {
    model::per_thread(core::current_context);
    timer = &timer_;
    late_thread = -1;
    late_time = after;
    owner_.continuation = static_cast<core::join*>(&outer);
    owner_.root = &owner_;
    owner_.attached = true;
    on_worker([&] { scope_ = std::make_unique<scope_join>("model", deadline); });
    model::name(*scope_, "scope");
    model::name(timer_.cell, "timer cell");
  }

  /// The owner's worker: begins the body, which `goes` on: true if it sleeps.
  template <class F>
  void own(F goes) {
    on_worker([&] {
      scope_join& scope = *scope_;
      body_.emplace();
      const auto first = scope.run(*body_).operator co_await().await_suspend(
          std::coroutine_handle<core::promise_base>::from_promise(owner_));
      if (body_->skipped) return refused(first);
      if (!goes(scope)) end_body(1);
    });
  }
  void end_body(int result) {
    body_->result = result;
    run(body_->joined().chain_ended(*body_));
  }

  /// The thread whose clock is late: fires the timer, and runs the alarm if it rings; twice, the
  /// second time when every deadline is over.
  void ring() {
    late_thread = model::this_thread();
    on_worker([&] {
      timer_.armed.wait();
      fire();
      late_time = after + 1'000;
      fire();
    });
  }
  void fire() {
    if (timer_.inbox.exchange(0, std::memory_order_acquire) == 0) return;
    core::frame_header* const root = timer_.cell.fire();
    if (root == nullptr) return;
    core::wait* claimed = root->sleep.wake();
    if (claimed == nullptr) {
      await_submission();
      claimed = queued_;
    }
    begin(claimed->leaf());
  }

  /// Where nobody rings: the worker that gets the alarm if a canceller who left last sends it.
  void take_over() {
    on_worker([&] {
      await_submission();
      if (queued_ != nullptr) begin(queued_->leaf());
    });
  }

  /// A thread of the outside.
  void cancel_outer() {
    on_worker([&] { outer.cancel(*this); });
  }
  /// Somebody who was given the scope before its body began.
  void cancel_scope() {
    on_worker([&] {
      scope_join& scope = *scope_;
      const scope_join::hold stays(scope);
      scope.cancel(*this);
    });
  }

  void submit(core::wait& w) noexcept override {
    if (body_ && &w.leaf() == &*body_) return end_body(2);
    queued_ = &w;  // the alarm: under the scope's lock
    tell();
  }

  void check_ended() const { model::check(went_on_ == 1, "the owner went on"); }

  [[nodiscard]] bool sleep() { return body_->sleep(); }

  outer_scope outer;

 private:
  template <class F>
  void on_worker(F what) {
    core::run_context context(*this);
    context.timers = &port_;
    context.budget = core::transfer_budget;
    core::run_context* const before_it = core::current_context;
    core::current_context = &context;
    what();
    core::current_context = before_it;
  }
  void tell() {
    told_.fetch_add(1, std::memory_order_acq_rel);
    dwell::os::futex_wake(told_, 8);
  }
  void await_submission() {
    while (told_.load(std::memory_order_acquire) == heard_) dwell::os::futex_wait(told_, heard_);
    ++heard_;
  }
  // As worker::begin().
  void begin(core::frame_header& alarm) {
    model::check(alarm.skipped && !alarm.started, "only the alarm is begun, never resumed");
    alarm.started = true;
    run(alarm.joined().chain_ended(alarm));
  }
  void run(core::frame_header* next) {
    if (next == nullptr) return;
    model::check(next == &owner_, "nobody else waits for the scope");
    go_on();
  }
  void refused(std::coroutine_handle<> next) {
    timer_.armed.count_down();
    if (&core::frame_header::of(next) == &owner_) go_on();
  }
  void go_on() {
    model::check(++went_on_ == 1, "the owner goes on once");
    model::check(body_->skipped || body_->result > 0, "the body has ended, and its result is here");
    if (model::this_thread() == late_thread)
      model::check(!owner_.attached, "a chain is detached before another worker continues it");
    scope_.reset();
    tell();
  }

  the_timer timer_;
  std::optional<body_chain> body_;  // made on the owner's worker, as by a call
  alignas(dwell::reactor::reactor) unsigned char no_reactor_[sizeof(dwell::reactor::reactor)];
  dwell::reactor::timer_port port_{*reinterpret_cast<dwell::reactor::reactor*>(no_reactor_), 0};
  core::promise_base owner_{std::source_location::current()};
  std::unique_ptr<scope_join> scope_;
  core::wait* queued_ = nullptr;
  model::atomic<std::uint32_t> told_{0};  // submissions, and that the owner has gone on
  std::uint32_t heard_ = 0;
  int went_on_ = 0;
};
