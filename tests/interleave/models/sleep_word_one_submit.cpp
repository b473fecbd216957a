// The sleeping protocol, all three parties at once: whatever the order in which a chain goes to
// sleep, its source fires and a canceller claims it, the chain goes on exactly once, with its frame
// and with what the source wrote.
#include "sleep_world.hpp"

int main(int argc, char** argv) {
  return model::test("sleep word: of waker and canceller exactly one submits the chain")
      .main(argc, argv, [] {
        source s;
        one_wait w(s);
        {
          auto sleeper = model::spawn("sleeper", [&] { w.sleep(); });
          auto waker = model::spawn("source", [&] { w.wake(); });
          auto canceller = model::spawn("canceller", [&] { w.cancel(); });
        }
        model::check(w.runs == 1, "the chain went on");
      });
}
