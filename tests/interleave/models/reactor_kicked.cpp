// A timer that is due before the attendant means to wake: it is seen before the attendant waits or
// leaves, or the attendant is kicked, or the watchman comes for it. No wait here ends but by a kick
// or a ring.
#include "reactor_world.hpp"

int main(int argc, char** argv) {
  return model::test("reactor: an earlier timer is seen, kicks or is come for")
      .preemptions(1)
      .reorderings(1)
      .random(5000)
      .main(argc, argv, [] {
        attended_world w(1);
        sleeper late;
        sleeper due;
        {
          auto attendant = model::spawn("attendant", [&] { w.attend(); });
          auto first =
              model::spawn("worker-0", [&] { (void)arm(w.timers.port(0), late, never_comes); });
          auto second =
              model::spawn("worker-1", [&] { (void)arm(w.timers.port(1), due, already_due); });
          w.exec.left.wait();
          w.call_attendant();
        }
        w.timers.stop_thread();
        model::check(due.woken == 1 && late.woken == 0, "the timer that is due fires");
        model::check(w.timers.pending_timers() == 1, "the other one is pending");
      });
}
