// A worker that was woken for an item from outside pushes another one: its push meets the other
// worker on its way to sleep.
#include "idle_world.hpp"

int main(int argc, char** argv) {
  return model::test("idle: what a woken worker pushes never lies beside a sleeping one")
      .reorderings(1)
      .main(argc, argv, [] {
        idle_world w;
        {
          const auto worker = [&](std::uint32_t self) {
            w.work(self);
            if (std::exchange(w.first_found, true)) return;
            w.push();
          };
          auto first = model::spawn("worker-0", [&] { worker(0); });
          auto second = model::spawn("worker-1", [&] { worker(1); });
          auto outside = model::spawn("submitter", [&] { w.inject(); });
        }
      });
}
