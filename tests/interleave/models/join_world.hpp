// What the models of fork_join share: chains without coroutines, the join of the one under test,
// and workers that run them as worker::run_frame() does.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include <dwell/scheduler/worker.hpp>
#include <dwell/scope/fork_join.cpp>
#include <dwell/task/cancel_node.cpp>
#include <dwell/task/context.cpp>

#include "../explorer/model.hpp"
#include "quiet_executor.hpp"

namespace core = dwell::core;
using dwell::scheduler::worker;

/// Whether the first failure cancels the other children.
enum class on_failure { cancel_siblings, let_them_end };

void worker::publish() noexcept {}

/// A chain of one frame. go() runs it until it ends or gives way; what it returns runs next.
struct chain : core::frame_header {
  chain() : frame_header(std::source_location::current()) { model::name(result, "result"); }
  virtual core::frame_header* go() = 0;
  core::frame_header* end() { return joined().chain_ended(*this); }

  model::var<int> result{0};

 protected:
  ~chain() = default;
};

/// A join of `n` children, which ends before the frame that waits for it goes on.
template <int n>
class family final : public dwell::scope::fork_join {
 public:
  explicit family(on_failure policy) : policy_(policy) { model::name(*this, "join"); }

  core::frame_header* start(core::frame_header& parent) {
    return &core::frame_header::of(
        fork(parent, n, [this](std::uint32_t i) -> chain& { return *children[i]; }));
  }
  core::frame_header* chain_ended(core::frame_header& root) noexcept override {
    take_end(root);
    return this->count(root.attached);
  }
  void take_end(core::frame_header& root) noexcept override {
    if (root.failed && is_first()) first_failed = static_cast<chain*>(&root);
    if (root.failed && policy_ == on_failure::cancel_siblings)
      cancel(*core::current_context->exec, core::cancel_reason::failure);
  }
  void for_each_root(root_visitor visit, void* context) noexcept override {
    for (chain* const child : children) visit(context, *child);
  }
  int sum() const {
    int total = 0;
    for (const chain* const child : children) total += child->result;
    return total;
  }

  chain* children[n] = {};
  model::var<chain*> first_failed{nullptr};

 private:
  const on_failure policy_;
};

/// Ends at once.
struct leaf final : chain {
  explicit leaf(int value) : value_(value) {}
  core::frame_header* go() override {
    result = value_;
    return end();
  }

 private:
  const int value_;
};

/// Ends with a failure.
struct failing_leaf final : chain {
  core::frame_header* go() override {
    result = -1;
    failed = true;
    return end();
  }
};

/// Forks `count` children, waits for them and adds up their results.
template <int count>
struct branch : chain {
  template <class... Children>
  explicit branch(Children&... c) : children_{&c...} {}

  on_failure policy = on_failure::let_them_end;
  int first_failure = 0;  // its result

  core::frame_header* go() override {
    if (joining_ == nullptr) {
      joining_ = std::make_unique<family<count>>(policy);
      for (int i = 0; i < count; ++i) joining_->children[i] = children_[i];
      return joining_->start(*this);
    }
    result = joining_->sum();
    if (chain* const failed_child = joining_->first_failed) first_failure = failed_child->result;
    joining_.reset();
    return end();
  }

 private:
  chain* const children_[count];
  std::unique_ptr<family<count>> joining_;
};

/// Sleeps once, until another thread resumes it.
struct sleeper final : chain {
  explicit sleeper(int value) : value_(value) {}

  core::frame_header* go() override {
    if (std::exchange(slept_, true)) {
      result = value_;
      return end();
    }
    core::detach_chain(*this);
    asleep_.store(1, std::memory_order_release);
    dwell::os::futex_wake(asleep_, 1);
    return nullptr;
  }
  void await_sleep() {
    while (asleep_.load(std::memory_order_acquire) == 0) dwell::os::futex_wait(asleep_, 0);
  }

 private:
  const int value_;
  bool slept_ = false;
  model::atomic<std::uint32_t> asleep_{0};
};

/// What the parent reports to: the end of the program under test.
struct top_join final : core::join {
  core::frame_header* chain_ended(core::frame_header&) noexcept override {
    ++ends;
    return nullptr;
  }
  void for_each_root(root_visitor, void*) noexcept override {}
  int ends = 0;
};

struct join_world {
  join_world() {
    model::per_thread(core::current_context);
    model::name(owner.queue(), "deque");
  }

  static void run(core::frame_header* f) {
    core::current_context->budget = core::transfer_budget;
    while (f != nullptr) f = static_cast<chain*>(f)->go();
  }
  static void run(core::work w) {
    if (!w) return;
    w.frame().started = true;
    w.frame().attached = w.frame().joined().owner() == core::current_context;
    run(&w.frame());
  }
  /// The owner's thread: the parent, then what is left in the deque.
  void own(chain& parent) {
    core::current_context = &owner;
    parent.continuation = static_cast<core::join*>(&top);
    parent.root = &parent;
    run(&parent);
    while (const core::work w = owner.pop()) run(w);
  }
  /// A thief's thread: one steal.
  void steal() {
    core::current_context = &thief;
    dwell::scheduler::deque::item loot[2];
    const std::int64_t count = owner.queue().steal(loot);
    for (std::int64_t i = 0; i < count; ++i) run(core::work::from_bits(loot[i]));
  }

  /// The thread of the one who wakes a sleeper.
  void wake(sleeper& s) {
    core::current_context = &third;
    s.await_sleep();
    run(&s);
  }
  /// After all threads: what a thief gave back too late for the owner's last look.
  void drain() {
    while (!owner.queue().looks_empty()) steal();
  }

  quiet_executor exec;
  top_join top;
  worker owner{exec};
  worker thief{exec};
  worker third{exec};
};
