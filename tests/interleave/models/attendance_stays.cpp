// A timer is posted while somebody goes to wait for ever: it is seen, or kicks.
#include "attendance_world.hpp"

int main(int argc, char** argv) {
  return model::test("attendance: a posted timer is seen before the wait, or ends it")
      .reorderings(1)
      .main(argc, argv, [] {
        attendance_world w;
        auto attendant = model::spawn("attendant", [&] { w.attend(/*stays=*/true); });
        auto worker = model::spawn("worker", [&] { w.post(); });
        // Whoever posts before anybody attends leaves the timer to the alarm.
        auto watchman = model::spawn("watchman", [&] { w.watch(); });
        w.fired.wait();
        w.protocol.dismiss();
        w.post();  // lets the attendant go, if it came last
      });
}
