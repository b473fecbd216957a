// Two items from outside, two workers: both workers end up with one. The second item may rely on
// the duty that the finder of the first passes on.
#include "idle_world.hpp"

int main(int argc, char** argv) {
  return model::test("idle: an injected item never lies beside a sleeping worker")
      .reorderings(1)
      .main(argc, argv, [] {
        idle_world w;
        {
          auto first = model::spawn("worker-0", [&] { w.work(0); });
          auto second = model::spawn("worker-1", [&] { w.work(1); });
          auto outside = model::spawn("submitter", [&] {
            w.inject();
            w.inject();
          });
        }
      });
}
