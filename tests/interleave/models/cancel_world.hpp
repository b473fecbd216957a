// What the models of the tree of scopes share: joins below one another, chains that sleep in the
// innermost, and the production code that parks and cancels them.
#pragma once

#include <cstdint>
#include <memory>

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

enum class fences : bool { asymmetric, full };

/// Full fences are those of scopes that expect their cancel.
inline void prepare(scope_node& scope, fences how) {
  if (how == fences::full) scope.expect_cancel();
}

/// A chain parks in a scope below the one that is cancelled, enrolling on its way: the canceller
/// finds it, or it sees the flag. None sleeps for ever.
inline void a_chain_parks(fences how) {
  cancel_world w;
  scope_node top;
  scope_node outer(top);
  scope_node inner(outer);
  for (scope_node* const each : {&top, &outer, &inner}) prepare(*each, how);
  sleeping_chain chain(inner);
  {
    auto worker = model::spawn("worker", [&] { w.park(chain); });
    auto canceller = model::spawn("canceller", [&] { top.cancel(w.exec); });
  }
  model::check(chain.runs == 1, "the chain does not sleep in a cancelled tree");
}

/// A chain ends and its frame is destroyed while its scope, and one above it, is cancelled: a
/// canceller looks at no frame that is gone. (owned_root::retire() over an atomic of the model.)
inline void a_chain_ends(fences how) {
  cancel_world w;
  scope_node top;
  scope_node inner(top);
  prepare(top, how);
  prepare(inner, how);
  auto chain = std::make_unique<sleeping_chain>(inner);
  {
    auto worker = model::spawn("worker", [&] {
      w.start_and_end(*chain);
      inner.roots[0].store(nullptr, std::memory_order_relaxed);
      inner.let_walkers_pass();
      chain.reset();
    });
    auto above = model::spawn("canceller", [&] { top.cancel(w.exec); });
    auto beside = model::spawn("its own", [&] { inner.cancel(w.exec); });
  }
  inner.leave();
}
