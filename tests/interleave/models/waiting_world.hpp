// A chain of one frame that waits in line for something, without a coroutine; and an executor that
// resumes it on the spot. The primitive under test is the model's own.
#pragma once

#include <coroutine>
#include <source_location>

#include <dwell/base/panic.hpp>
#include <dwell/sync/wait_queue.cpp>
#include <dwell/task/cancel_node.cpp>
#include <dwell/task/cancelled.cpp>
#include <dwell/task/context.cpp>
#include <dwell/task/park.cpp>

#include "../explorer/model.hpp"
#include "quiet_executor.hpp"

namespace core = dwell::core;

/// A scope with one chain in it.
struct one_scope final : core::join {
  core::frame_header* chain_ended(core::frame_header&) noexcept override { return nullptr; }
  void for_each_root(root_visitor visit, void* context) noexcept override { visit(context, *root); }
  core::frame_header* root = nullptr;
};

/// `Op` is what the await function of the primitive returns, `Granted` is called in the chain's
/// place once its wait was granted.
template <class Op, class Granted>
struct waiting_world final : quiet_executor {
  using quiet_executor::submit;

  waiting_world(Op op, Granted then) : wait(op.operator co_await()), granted(then) {
    model::per_thread(core::current_context);
    model::name(chain.sleep, "sleep word");
    scope.root = &chain;
    chain.root = &chain;
    chain.continuation = static_cast<core::join*>(&scope);
  }
  void await() {
    core::run_context context(*this);
    core::current_context = &context;
    local = 1;
    if (!wait.await_suspend(std::coroutine_handle<core::promise_base>::from_promise(chain)))
      go_on();
  }
  void submit(core::wait&) noexcept override { go_on(); }
  void go_on() {
    model::check(++runs == 1, "the waiter goes on once");
    model::check(local == 1, "the frame travels with the wake-up");
    local = 2;
    if (!wait.was_cancelled()) granted(*this);
  }

  model::var<int> local{0};
  int runs = 0;
  one_scope scope;
  core::promise_base chain{std::source_location::current()};
  decltype(std::declval<Op>().operator co_await()) wait;
  Granted granted;
};
