// A mutex is unlocked while the next in line goes to sleep and is cancelled: it goes on once, with
// the mutex and what it protects, or without, and then the mutex is free.
#include <dwell/sync/mutex.cpp>

#include "waiting_world.hpp"

int main(int argc, char** argv) {
  return model::test("mutex: handed over or free").main(argc, argv, [] {
    dwell::mutex m;
    model::var<int> value{0};
    auto held = m.try_lock();
    waiting_world w(m.lock(), [&](auto& world) {
      const auto guard = world.wait.await_resume();
      model::check(value == 42, "what the mutex protects came with it");
    });
    {
      auto waiter = model::spawn("waiter", [&] { w.await(); });
      auto holder = model::spawn("holder", [&] {
        value = 42;
        held.reset();
      });
      auto canceller = model::spawn("canceller", [&] { w.scope.cancel(w); });
    }
    model::check(w.runs == 1, "the waiter went on");
    model::check(!m.statistics().locked, "nobody has the mutex");
    model::check(m.statistics().waiters == 0, "nobody is left in the line");
  });
}
