// Whoever finds all workers asleep sees what they did before; whoever wakes finds what its waker
// did.
#include "idle_world.hpp"

int main(int argc, char** argv) {
  return model::test("idle: all_asleep() and a wake-up publish").main(argc, argv, [] {
    idle_world w;
    model::var<int> work[2];
    model::var<int> call{0};
    model::name(work, "work");
    model::name(call, "call");
    {
      const auto worker = [&](std::uint32_t self) {
        ++work[self];
        (void)w.idlers.announce_sleep(self, false);
        w.idlers.block(self);
        model::check(call == 1, "the wake-up brings it");
      };
      auto first = model::spawn("worker-0", [&] { worker(0); });
      auto second = model::spawn("worker-1", [&] { worker(1); });
      while (!w.idlers.all_asleep()) model::yield();
      model::check(work[0] + work[1] == 2, "the work of the sleepers is seen");
      call = 1;
      w.idlers.wake_all();
    }
  });
}
