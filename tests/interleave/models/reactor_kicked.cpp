// A timer that is due before the reactor means to wake by itself: it is seen before the reactor
// sleeps, or it kicks it. No wait here ends but by a kick.
#include "reactor_world.hpp"

int main(int argc, char** argv) {
  return model::test("reactor: an earlier timer is seen or kicks")
      .reorderings(1)
      .random(5000)
      .main(argc, argv, [] {
        waking_executor exec(1);
        dwell::reactor::reactor timers(exec, 2, the_time);
        model::name(timers, "reactor");
        sleeper late;
        sleeper due;
        timers.start_thread("reactor", {});
        {
          auto first =
              model::spawn("worker-0", [&] { (void)arm(timers.port(0), late, the_time + 50); });
          auto second =
              model::spawn("worker-1", [&] { (void)arm(timers.port(1), due, the_time - 1); });
          exec.left.wait();
        }
        timers.stop_thread();
        model::check(due.woken == 1 && late.woken == 0, "the timer that is due fires");
        model::check(timers.pending_timers() == 1, "the other one is pending");
      });
}
