// A thread that attends for life sets no alarm, and nobody looks in: a timer that is posted while
// it goes to wait is seen all the same, or kicks it.
#include "attendance_world.hpp"

int main(int argc, char** argv) {
  return model::test("attendance: who attends for life needs no alarm")
      .reorderings(1)
      .main(argc, argv, [] {
        attendance_world w;
        auto attendant = model::spawn("attendant", [&] {
          if (!w.protocol.take()) return w.fired.count_down();  // the worker was first, and fires
          while (!w.fire()) w.wait_without_alarm();
        });
        auto worker = model::spawn("worker", [&] { w.post(); });
        w.fired.wait();
      });
}
