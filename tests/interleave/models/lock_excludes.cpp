// The lock: one thread at a time is inside, and what it wrote there the next one sees.
#include <dwell/os/lock.hpp>

#include "../explorer/model.hpp"

int main(int argc, char** argv) {
  return model::test("lock: one thread at a time, and no lost wake-up").main(argc, argv, [] {
    dwell::os::lock guard;
    model::var<int> count{0};
    model::name(guard, "guard");
    const auto worker = [&] {
      const dwell::os::lock_guard alone(guard);
      ++count;
    };
    const auto polite = [&] {
      if (!guard.try_lock()) return worker();
      ++count;
      guard.release();
    };
    {
      auto first = model::spawn("first", worker);
      auto second = model::spawn("second", worker);
      auto third = model::spawn("third", polite);
    }
    model::check(count == 3, "no increment is lost");
  });
}
