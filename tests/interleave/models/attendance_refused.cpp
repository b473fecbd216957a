// A worker that goes to sleep finds the watchman in its place, and sleeps elsewhere: the watchman
// calls it when he leaves, so that somebody waits in the poller again.
#include "../explorer/model.hpp"
#include "attendance_world.hpp"
#include "latch.hpp"

int main(int argc, char** argv) {
  return model::test("attendance: who was refused by the watchman is called back")
      .reorderings(1)
      .main(argc, argv, [] {
        dwell::reactor::attendance protocol;
        latch called(1);
        auto watchman = model::spawn("watchman", [&] {
          if (!protocol.take()) return;
          while (!protocol.give_back()) protocol.acknowledge();
          if (protocol.was_refused()) called.count_down();
        });
        auto worker = model::spawn("worker", [&] {
          if (!protocol.take_or_be_called()) called.wait();
        });
      });
}
