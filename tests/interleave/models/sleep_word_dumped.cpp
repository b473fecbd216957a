// A dump looks at a chain that goes to sleep and that nobody can wake: it sees the whole frame.
#include "sleep_world.hpp"

int main(int argc, char** argv) {
  return model::test("sleep word: a dump sees the frame of a sleeper").main(argc, argv, [] {
    source s;
    one_wait w(s);
    {
      auto sleeper = model::spawn("sleeper", [&] { w.sleep(); });
      auto dump = model::spawn("dump", [&] {
        if (w.header.sleep.sleeping_in() != nullptr) model::check(w.local == 1, "it is written");
      });
    }
    model::check(w.runs == 0, "nobody woke it");
  });
}
