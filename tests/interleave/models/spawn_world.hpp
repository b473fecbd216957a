// What the models of spawn share: a spawned chain without a coroutine, chains that wait for its
// end, and the handle, which goes with the chain that owns it.
#pragma once

#include <cstdint>

#include <dwell/scope/spawn.cpp>
#include <dwell/task/cancel_node.cpp>
#include <dwell/task/cancelled.cpp>
#include <dwell/task/context.cpp>
#include <dwell/task/outside_waker.cpp>
#include <dwell/task/park.cpp>
#include <dwell/task/would_block_worker.cpp>

#include "../explorer/model.hpp"
#include "quiet_executor.hpp"

namespace core = dwell::core;

/// Nothing is bound in a model.
core::bindings core::running_bindings() noexcept { return nullptr; }

/// The spawned chain; the last of end and handle frees it.
struct child_chain final : dwell::scope::spawned {
  child_chain() { model::name(*this, "spawned"); }

  core::frame_header& root() noexcept override { return frame; }
  void for_each_root(root_visitor visit, void* context) noexcept override { visit(context, frame); }
  void keep_end() noexcept override {}
  std::exception_ptr error() const noexcept override { return nullptr; }
  void free() noexcept override { delete this; }

  core::promise_base frame{std::source_location::current()};
  model::var<int> result{0};
  model::var<int> shared{0};  // written by the handle
};

struct one_scope final : core::join {
  core::frame_header* chain_ended(core::frame_header&) noexcept override { return nullptr; }
  void for_each_root(root_visitor visit, void* context) noexcept override { visit(context, *root); }
  core::frame_header* root = nullptr;
};

/// A chain of one frame that waits for the end of the child.
struct waiting_chain : core::promise_base {
  explicit waiting_chain(child_chain& c)
      : promise_base(std::source_location::current()), child(&c), wait(c) {
    continuation = static_cast<core::join*>(&scope);
    core::frame_header::root = this;
    scope.root = this;
  }

  void join() {
    if (!wait.await_suspend(std::coroutine_handle<core::promise_base>::from_promise(*this)))
      go_on();
  }
  void go_on() {
    model::check(++runs == 1, "the waiter goes on once");
    bool cancelled = false;
    try {
      wait.await_resume();
    } catch (const dwell::cancelled&) {
      cancelled = true;
    }
    if (!cancelled) model::check(child->result == 7, "the result has arrived");
    if (owns_handle) child->drop(!cancelled);
  }

  child_chain* const child;
  bool owns_handle = false;
  one_scope scope;
  dwell::scope::end_wait_awaiter wait;
  int runs = 0;
};

/// Resumes what is submitted on the spot.
struct spawn_world final : quiet_executor {
  using quiet_executor::submit;

  spawn_world() { model::per_thread(core::current_context); }

  static void resume(core::frame_header* leaf) {
    if (leaf != nullptr) static_cast<waiting_chain*>(leaf)->go_on();
  }
  void submit(core::wait& w) noexcept override { resume(&w.leaf()); }

  /// Runs `what` on a worker of this executor.
  template <class F>
  void on_worker(F what) {
    core::run_context context(*this);
    core::run_context* const before = core::current_context;
    core::current_context = &context;
    what();
    core::current_context = before;
  }
  void end(child_chain& child) {
    on_worker([&] {
      child.result = 7;
      resume(child.chain_ended(child.frame));
    });
  }
  void cancel(waiting_chain& chain) {
    on_worker([&] { chain.scope.cancel(*this); });
  }

  core::background home;
};
