// A permit is released while the one that waits for it goes to sleep and is cancelled: it goes on
// once, and the permit is with it or back in the semaphore.
#include <dwell/sync/semaphore.cpp>

#include "waiting_world.hpp"

int main(int argc, char** argv) {
  return model::test("semaphore: no permit is lost").main(argc, argv, [] {
    dwell::semaphore permits(0);
    std::size_t got = 0;
    waiting_world w(permits.acquire(), [&](auto& world) {
      auto permit = world.wait.await_resume();
      got = permit.count();
      permit.forget();
    });
    {
      auto waiter = model::spawn("waiter", [&] { w.await(); });
      auto releaser = model::spawn("releaser", [&] { permits.release(); });
      auto canceller = model::spawn("canceller", [&] { w.scope.cancel(w); });
    }
    model::check(w.runs == 1, "the waiter went on");
    model::check(got + permits.statistics().available == 1, "the permit is somewhere, once");
    model::check(permits.statistics().waiters == 0, "nobody is left in the line");
  });
}
