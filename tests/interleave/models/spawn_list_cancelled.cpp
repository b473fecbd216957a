// Two chains wait for a spawned one; the first to come was cancelled, so only the list holds a wait
// when the chain ends and that wait is cancelled too, and the handle goes with it.
#include "spawn_world.hpp"

int main(int argc, char** argv) {
  return model::test("spawn: a wait in the list is cancelled as the chain ends")
      .main(argc, argv, [] {
        spawn_world w;
        auto* const child = new child_chain;
        child->start(w, w.home);
        waiting_chain first(*child);
        waiting_chain second(*child);
        second.owns_handle = true;
        w.on_worker([&] { first.join(); });
        w.on_worker([&] { second.join(); });
        w.cancel(first);
        {
          auto ender = model::spawn("child", [&] { w.end(*child); });
          auto canceller = model::spawn("canceller", [&] { w.cancel(second); });
        }
        model::check(first.runs == 1 && second.runs == 1, "both went on");
      });
}
