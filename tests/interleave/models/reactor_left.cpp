// The attendant is called away while a timer is posted, and nobody takes its place: the watchman
// comes for the timer.
#include "reactor_world.hpp"

int main(int argc, char** argv) {
  return model::test("reactor: what the attendant leaves behind is come for")
      .preemptions(1)
      .random(5000)
      .main(argc, argv, [] {
        attended_world w(1);
        sleeper due;
        {
          auto attendant = model::spawn("attendant", [&] { w.attend(); });
          auto worker =
              model::spawn("worker-0", [&] { (void)arm(w.timers.port(0), due, already_due); });
          w.call_attendant();
          w.exec.left.wait();
        }
        w.timers.stop_thread();
        model::check(due.woken == 1, "the timer fires");
      });
}
