// A napper that is woken finds what its waker did; so does whoever reads the count of announcements
// that the nap left.
#include <limits>

#include "idle_world.hpp"

int main(int argc, char** argv) {
  return model::test("idle: a woken napper sees why").main(argc, argv, [] {
    idle_world w;
    model::var<int> work{0};
    model::var<int> call{0};
    model::name(work, "work");
    model::name(call, "call");
    {
      auto napper = model::spawn("worker-0", [&] {
        ++work;
        w.idlers.announce_nap(0, false);
        w.idlers.nap_until(0, std::numeric_limits<std::int64_t>::max());
        model::check(call == 1, "the wake-up brings it");
      });
      while (w.idlers.announcements() == 0) model::yield();
      model::check(work == 1, "what came before the announcement is seen");
      call = 1;
      while (!w.idlers.notify_of_injection()) model::yield();
    }
  });
}
