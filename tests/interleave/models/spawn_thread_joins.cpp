// A plain thread that joins a spawned chain is woken by its end, and sees what it did.
#include "spawn_world.hpp"

int main(int argc, char** argv) {
  return model::test("spawn: a thread joins").main(argc, argv, [] {
    spawn_world w;
    auto* const child = new child_chain;
    child->start(w, w.home);
    {
      auto ender = model::spawn("child", [&] { w.end(*child); });
      auto joiner = model::spawn("joiner", [&] {
        dwell::scope::block_until_ended(*child);
        model::check(child->result == 7, "the result has arrived");
        child->drop(true);
      });
    }
  });
}
