// What the models of a job share: a runner without threads of its own, a job whose function writes
// one value, and a chain that awaits it as blocking() does.
#pragma once

#include <coroutine>
#include <source_location>

#include <dwell/offload/job.cpp>
#include <dwell/task/cancel_node.cpp>
#include <dwell/task/cancelled.cpp>
#include <dwell/task/context.cpp>
#include <dwell/task/outside_waker.cpp>
#include <dwell/task/park.cpp>

#include "../explorer/model.hpp"
#include "quiet_executor.hpp"

namespace core = dwell::core;

/// Nothing is bound in a model.
core::bindings core::running_bindings() noexcept { return nullptr; }
constinit thread_local const core::binding* core::function_bindings = nullptr;
namespace offload = dwell::offload;

/// One queue under one lock, as both runners have it.
struct model_runner final : offload::runner {
  void submit(offload::job& j) noexcept override {
    const dwell::os::lock_guard guard(lock);
    queue.push(j);
  }
  bool take_out(offload::job& j) noexcept override {
    const dwell::os::lock_guard guard(lock);
    return queue.remove(j);
  }
  /// A thread looks for a job once.
  void run_one() {
    offload::job* taken = nullptr;
    {
      const dwell::os::lock_guard guard(lock);
      taken = queue.pop();
      if (taken != nullptr) taken->begun();
    }
    if (taken == nullptr) return;
    taken->run();
    taken->finish();
  }

  dwell::os::lock lock;
  offload::job_queue queue;
};

struct model_job final : offload::job {
  void call() noexcept override { result = 7; }
  void fail(std::exception_ptr) noexcept override {}
  void finish() noexcept override {
    heard = complete();
    if (!heard) model::check(last_words == 1, "what the chain left has arrived");
  }
  using job::try_abandon;

  model::var<int> result{0};
  model::var<int> last_words{0};  // written by a chain that abandons the job
  bool heard = true;
};

struct job_scope final : core::join {
  core::frame_header* chain_ended(core::frame_header&) noexcept override { return nullptr; }
  void for_each_root(root_visitor visit, void* context) noexcept override { visit(context, *root); }
  core::frame_header* root = nullptr;
};

/// Awaits the job; after a cancel abandons it or waits on.
struct job_chain : core::promise_base {
  job_chain(model_job& j, offload::runner& r, bool abandons)
      : promise_base(std::source_location::current()),
        job(j),
        may_abandon(abandons),
        first(j, r, offload::job_wait::for_blocking),
        rest(j) {
    continuation = static_cast<core::join*>(&scope);
    core::frame_header::root = this;
    scope.root = this;
  }

  using handle = std::coroutine_handle<core::promise_base>;
  void start() {
    if (!first.await_suspend(handle::from_promise(*this))) go_on();
  }
  void go_on() {
    if (waits_on) {
      rest.await_resume();
      return end(true);
    }
    bool ended = false;
    try {
      ended = first.await_resume();
    } catch (const dwell::cancelled&) {
      return end(false);
    }
    if (ended) return end(true);
    if (may_abandon) {
      job.last_words = 1;
      abandoned = job.try_abandon();
      return end(!abandoned);
    }
    waits_on = true;
    if (!rest.await_suspend(handle::from_promise(*this))) go_on();
  }
  void end(bool with_result) {
    model::check(++ends == 1, "the chain goes on once");
    if (with_result) model::check(job.result == 7, "the result has arrived");
  }

  model_job& job;
  const bool may_abandon;
  bool waits_on = false;
  bool abandoned = false;
  int ends = 0;
  job_scope scope;
  offload::job_wait first;
  offload::certain_wait rest;
};

/// Resumes what is submitted on the spot.
struct job_world final : quiet_executor {
  using quiet_executor::submit;

  job_world() { model::per_thread(core::current_context); }

  void submit(core::wait& w) noexcept override {
    on_worker([&] { static_cast<job_chain&>(w.leaf()).go_on(); });
  }

  template <class F>
  void on_worker(F what) {
    core::run_context context(*this);
    core::run_context* const before = core::current_context;
    core::current_context = &context;
    what();
    core::current_context = before;
  }
};
