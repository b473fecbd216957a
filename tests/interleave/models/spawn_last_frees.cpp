// A spawned chain ends while its handle is joined and the join is cancelled: the joiner goes on
// once, with the result if it was not cancelled, and the last of end and handle frees the block.
#include "spawn_world.hpp"

int main(int argc, char** argv) {
  return model::test("spawn: the joiner goes on once, and the last one frees").main(argc, argv, [] {
    spawn_world w;
    auto* const child = new child_chain;
    child->start(w, w.home);
    waiting_chain joiner(*child);
    joiner.owns_handle = true;
    {
      auto ender = model::spawn("child", [&] { w.end(*child); });
      auto handle = model::spawn("joiner", [&] { w.on_worker([&] { joiner.join(); }); });
      auto canceller = model::spawn("canceller", [&] { w.cancel(joiner); });
    }
    model::check(joiner.runs == 1, "the joiner went on");
  });
}
