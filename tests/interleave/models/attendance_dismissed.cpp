// The watchman is dismissed while an attendant moves the alarm away: he hears of it.
#include "attendance_world.hpp"

int main(int argc, char** argv) {
  return model::test("attendance: a dismissal is not moved away with the alarm")
      .main(argc, argv, [] {
        attendance_world w;
        (void)w.protocol.take();
        (void)w.protocol.set_alarm(2 * dwell::os::alarm::horizon_ns, 0);
        (void)w.protocol.give_back();
        auto watchman = model::spawn("watchman", [&] { w.watch(); });
        auto attendant = model::spawn("attendant", [&] { w.attend(/*stays=*/false); });
        w.protocol.dismiss();
      });
}
