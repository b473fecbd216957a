// A oneshot is finished while its receiver goes to sleep and is cancelled: the receiver goes on
// once, and with the value unless it was cancelled.
#include <dwell/sync/oneshot.cpp>
#include <dwell/task/cancel_node.cpp>
#include <dwell/task/cancelled.cpp>
#include <dwell/task/context.cpp>
#include <dwell/task/park.cpp>

#include "../explorer/model.hpp"
#include "quiet_executor.hpp"

namespace {

namespace core = dwell::core;

struct one_scope final : core::join {
  core::frame_header* chain_ended(core::frame_header&) noexcept override { return nullptr; }
  void for_each_root(root_visitor visit, void* context) noexcept override { visit(context, *root); }
  core::frame_header* root = nullptr;
};

struct receiving final : dwell::sync::oneshot_wait {
  using oneshot_wait::oneshot_wait;
};

/// A chain of one frame that waits for the value, and the executor that resumes it on the spot.
struct world final : quiet_executor {
  using quiet_executor::submit;

  world() {
    model::per_thread(core::current_context);
    model::name(word, "oneshot");
    model::name(chain.sleep, "sleep word");
    scope.root = &chain;
    chain.root = &chain;
    chain.continuation = static_cast<core::join*>(&scope);
  }
  void receive() {
    core::run_context context(*this);
    core::current_context = &context;
    local = 1;
    if (word.finished()) return go_on();
    if (!wait.await_suspend(std::coroutine_handle<core::promise_base>::from_promise(chain)))
      go_on();
  }
  void send() {
    value = 42;
    word.finish();
  }
  void submit(core::wait&) noexcept override { go_on(); }
  void go_on() {
    model::check(++runs == 1, "the receiver goes on once");
    model::check(local == 1, "the frame travels with the wake-up");
    local = 2;
    if (!wait.was_cancelled()) model::check(value == 42, "the value has arrived");
  }

  dwell::sync::oneshot_word word;
  model::var<int> value{0};
  model::var<int> local{0};
  int runs = 0;
  one_scope scope;
  core::promise_base chain{std::source_location::current()};
  receiving wait{word};
};

}  // namespace

int main(int argc, char** argv) {
  return model::test("oneshot: the receiver goes on once, with the value").main(argc, argv, [] {
    world w;
    {
      auto receiver = model::spawn("receiver", [&] { w.receive(); });
      auto sender = model::spawn("sender", [&] { w.send(); });
      auto canceller = model::spawn("canceller", [&] { w.scope.cancel(w); });
    }
    model::check(w.runs == 1, "the receiver went on");
  });
}
