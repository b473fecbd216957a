// A body that ends by itself while its deadline passes: whoever leaves the scope last continues the
// owner, once, and nobody touches the scope afterwards.
#include "scope_world.hpp"

int main(int argc, char** argv) {
  return model::test("timeout: the body's end meets the alarm").main(argc, argv, [] {
    scope_world w;
    {
      auto owner = model::spawn("owner", [&] { w.own([](scope_join&) { return false; }); });
      auto alarm = model::spawn("alarm", [&] { w.ring(); });
    }
    w.check_ended();
  });
}
