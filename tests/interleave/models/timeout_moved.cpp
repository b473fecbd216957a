// A body that moves its deadline while the alarm rings: an alarm that rings too early takes a share
// of its own for the next one, and the body's end finds whichever is set.
#include "scope_world.hpp"

int main(int argc, char** argv) {
  return model::test("timeout: the deadline moves while the alarm rings").main(argc, argv, [] {
    scope_world w;
    {
      auto owner = model::spawn("owner", [&] {
        w.own([](scope_join& scope) {
          scope.push_deadline(after + 100);
          scope.set_deadline("model", after + 50);
          return false;
        });
      });
      auto alarm = model::spawn("alarm", [&] { w.ring(); });
    }
    w.check_ended();
  });
}
