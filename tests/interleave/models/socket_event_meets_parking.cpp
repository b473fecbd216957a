// Bytes arrive while a worker parks in the poller, or after it has left to run something long: the
// attendant takes the event, or the watchman comes for it.
#include "socket_world.hpp"

int main(int argc, char** argv) {
  return model::test("sockets: an event is taken by who parks, or come for")
      .preemptions(1)
      .reorderings(1)
      .random(3'000)
      .main(argc, argv, [] {
        socket_world w;
        {
          auto worker = model::spawn("worker", [&] {
            if (w.read_or_sleep()) w.attended.exec.left.count_down();
            w.attended.attend();
          });
          auto kernel = model::spawn("kernel", [&] { w.bytes_arrive(); });
          w.attended.exec.left.wait();
          w.attended.call_attendant();
        }
        w.attended.timers.stop_thread();
        model::check(w.reader.woken <= 1, "it is woken at most once");
      });
}
