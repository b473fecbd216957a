// A timer is posted while the attendant leaves, and moves an alarm on that was early enough for it:
// the watchman comes for the timer.
#include "attendance_world.hpp"

int main(int argc, char** argv) {
  return model::test("attendance: what is posted while somebody leaves is come for")
      .reorderings(1)
      .main(argc, argv, [] {
        attendance_world w;
        (void)w.protocol.take();
        (void)w.move_alarm(w.protocol.after_patience(w.due));
        (void)w.protocol.give_back();
        auto watchman = model::spawn("watchman", [&] { w.watch(); });
        {
          auto attendant = model::spawn("attendant", [&] { w.attend(/*stays=*/false); });
          auto worker = model::spawn("worker", [&] { w.post(); });
          w.fired.wait();
        }
        w.protocol.dismiss();
      });
}
