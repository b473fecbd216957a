// A spawned chain ends while its handle is dropped: the last of the two frees the block, after all
// that the other did.
#include "spawn_world.hpp"

int main(int argc, char** argv) {
  return model::test("spawn: a dropped handle and the end free the block once")
      .main(argc, argv, [] {
        spawn_world w;
        auto* const child = new child_chain;
        model::name(child->shared, "shared");
        child->start(w, w.home);
        {
          auto ender = model::spawn("child", [&] { w.end(*child); });
          auto handle = model::spawn("handle", [&] {
            child->shared = 1;
            child->drop(false);
          });
        }
      });
}
