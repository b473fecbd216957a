// A task group's body ends while a child of it spawns another: the waiting frame goes on once, when
// all three have ended, sees what each of them did, and may take the group away.
#include <memory>

#include <dwell/scope/exception_group.cpp>
#include <dwell/scope/group_home.cpp>

#include "latch.hpp"
#include "spawn_world.hpp"

namespace {

/// The frame that waits for the group, and the scope it is in.
struct waiting_frame : core::promise_base {
  waiting_frame() : promise_base(std::source_location::current()) {
    continuation = static_cast<core::join*>(&scope);
    core::frame_header::root = this;
    scope.root = this;
  }
  one_scope scope;
};

struct group_world {
  group_world() {
    model::name(*group, "group");
    w.on_worker([&] {
      model::check(group->open(waiting), "a group opens in a scope that is not cancelled");
      static_cast<void>(group->start_body(body));
      group->spawn(child);
    });
  }

  /// Ends a chain; whoever ends the last one goes on with the waiting frame.
  void end(child_chain& chain) {
    chain.result = 7;
    w.on_worker([&] {
      core::frame_header* const next = chain.chain_ended(chain.frame);
      if (next == nullptr) return;
      model::check(next == &waiting && ++runs == 1, "the waiting frame goes on once");
      const int sum = body.result + child.result + grandchild.result;
      model::check(sum == 21, "what every task did has arrived");
      group.reset();
    });
  }

  spawn_world w;
  waiting_frame waiting;
  child_chain body;
  child_chain child;
  child_chain grandchild;
  std::unique_ptr<dwell::scope::group_home> group = std::make_unique<dwell::scope::group_home>();
  int runs = 0;
};

}  // namespace

int main(int argc, char** argv) {
  return model::test("task group: it ends once, after the last that was spawned in it")
      .main(argc, argv, [] {
        group_world g;
        latch spawned(1);
        {
          auto body = model::spawn("body", [&] { g.end(g.body); });
          auto child = model::spawn("child", [&] {
            g.w.on_worker([&] { g.group->spawn(g.grandchild); });
            spawned.count_down();
            g.end(g.child);
          });
          auto grandchild = model::spawn("grandchild", [&] {
            spawned.wait();
            g.end(g.grandchild);
          });
        }
        model::check(g.runs == 1, "the waiting frame went on");
      });
}
