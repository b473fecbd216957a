// A body that sleeps while its deadline passes and the scope around it is cancelled: it is woken
// once, and the owner goes on once.
#include "scope_world.hpp"

int main(int argc, char** argv) {
  return model::test("timeout: the alarm meets a cancellation from outside")
      .reorderings(1)
      .main(argc, argv, [] {
        scope_world w;
        {
          auto owner =
              model::spawn("owner", [&] { w.own([&](scope_join&) { return w.sleep(); }); });
          auto alarm = model::spawn("alarm", [&] { w.ring(); });
          auto canceller = model::spawn("canceller", [&] { w.cancel_outer(); });
        }
        w.check_ended();
      });
}
