// Somebody counts the timers while a cancelled one leaves the wheel: the live one is always
// counted.
#include "reactor_world.hpp"

int main(int argc, char** argv) {
  return model::test("reactor: a live timer is always counted as pending")
      .random(5'000)
      .main(argc, argv, [] {
        waking_executor exec(1);
        dwell::reactor::reactor timers(exec, 1, the_time);
        model::name(timers, "reactor");
        sleeper live;
        sleeper gone;
        (void)arm(timers.port(0), live, the_time + 50);
        const auto ticket = arm(timers.port(0), gone, the_time - 1);
        model::check(timers.cancel(0, ticket), "nobody fires it yet");
        {
          auto reactor = model::spawn("reactor", [&] { (void)timers.step(the_time); });
          auto watcher = model::spawn("watcher", [&] {
            model::check(timers.pending_timers() >= 1, "the live timer is counted");
          });
        }
        model::check(timers.pending_timers() == 1, "and in the end it alone");
      });
}
