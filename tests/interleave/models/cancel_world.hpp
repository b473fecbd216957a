// What the models of the tree of scopes share: joins below one another, chains that sleep in the
// innermost, and the production code that parks and cancels them.
#pragma once

#include <cstdint>

#include <dwell/task/cancel_node.cpp>
#include <dwell/task/cancelled.cpp>
#include <dwell/task/context.cpp>
#include <dwell/task/park.cpp>

#include "../explorer/model.hpp"
#include "quiet_executor.hpp"

namespace core = dwell::core;

/// A join of up to two chains; nobody waits for it.
struct scope_node final : core::join {
  scope_node() { model::name(*this, "scope"); }
  explicit scope_node(scope_node& parent) : scope_node() { hang_below(parent); }

  core::frame_header* chain_ended(core::frame_header&) noexcept override { return nullptr; }
  void for_each_root(root_visitor visit, void* context) noexcept override {
    for (auto& slot : roots)
      if (core::frame_header* const root = slot.load(std::memory_order_relaxed))
        visit(context, *root);
  }
  using cancel_node::expect_cancel;
  using cancel_node::leave;

  model::atomic<core::frame_header*> roots[2]{nullptr, nullptr};
};

/// A chain of one frame that waits for something that only a cancel ends.
class sleeping_chain {
 public:
  explicit sleeping_chain(scope_node& scope, int place = 0) {
    header.continuation = static_cast<core::join*>(&scope);
    header.root = &header;
    scope.roots[place].store(&header, std::memory_order_relaxed);
    model::name(header.sleep, "sleep word");
    model::name(local, "frame");
  }

  void park() {
    local = 1;
    if (!core::begin_wait(waiting, std::coroutine_handle<core::frame_header>::from_promise(header)))
      return go_on();
    if (!core::end_wait(waiting)) go_on();
  }
  /// Whoever resumes the chain.
  void go_on() {
    model::check(++runs == 1, "the chain goes on once");
    model::check(local == 1, "the frame travels with the chain");
    local = 2;
    model::check(waiting.was_cancelled(), "only a cancel ends the wait");
  }

  struct endless final : core::wait {
    explicit endless(sleeping_chain& c) : wait(kind), chain(c) {}
    static bool call_off(core::wait&) noexcept { return true; }
    static constexpr core::wait_kind kind{"endless", &endless::call_off};
    sleeping_chain& chain;
  };

  core::frame_header header{std::source_location::current()};
  model::var<int> local{0};
  endless waiting{*this};
  int runs = 0;
};

/// Resumes what is submitted on the spot.
struct resuming_executor final : quiet_executor {
  using quiet_executor::submit;
  void submit(core::wait& w) noexcept override {
    static_cast<sleeping_chain::endless&>(w).chain.go_on();
  }
};

struct cancel_world {
  cancel_world() { model::per_thread(core::current_context); }

  void park(sleeping_chain& chain) {
    core::run_context context(exec);
    core::current_context = &context;
    chain.park();
  }
  /// A chain that enrols its scope and whose wait is over before it sleeps.
  void start_and_end(sleeping_chain& chain) {
    core::run_context context(exec);
    core::current_context = &context;
    const auto leaf = std::coroutine_handle<core::frame_header>::from_promise(chain.header);
    if (core::begin_wait(chain.waiting, leaf)) core::abandon_wait(chain.waiting);
  }

  resuming_executor exec;
};
