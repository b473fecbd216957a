// The only worker registers a socket and then runs something long: the alarm is set for the
// watchman, who takes the event.
#include "socket_world.hpp"

int main(int argc, char** argv) {
  return model::test("sockets: registering one sets the alarm")
      .preemptions(1)
      .reorderings(1)
      .random(3'000)
      .main(argc, argv, [] {
        socket_world w;
        {
          auto worker = model::spawn("worker", [&] {
            if (w.read_or_sleep()) w.attended.exec.left.count_down();
          });
          auto kernel = model::spawn("kernel", [&] { w.bytes_arrive(); });
          w.attended.exec.left.wait();
        }
        w.attended.timers.stop_thread();
        model::check(w.reader.woken <= 1, "it is woken at most once");
      });
}
