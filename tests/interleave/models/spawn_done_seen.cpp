// Whoever is told that a spawned chain has ended sees what it did.
#include "spawn_world.hpp"

int main(int argc, char** argv) {
  return model::test("spawn: done() publishes").main(argc, argv, [] {
    spawn_world w;
    auto* const child = new child_chain;
    child->start(w, w.home);
    {
      auto ender = model::spawn("child", [&] { w.end(*child); });
      auto handle = model::spawn("handle", [&] {
        if (child->ended()) model::check(child->result == 7, "the result has arrived");
        child->drop(false);
      });
    }
  });
}
