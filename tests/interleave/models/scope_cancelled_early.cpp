// A scope that is cancelled by another thread while its body begins: the canceller finds no body or
// a whole one, the body ends, and the scope stays until the canceller has left.
#include "scope_world.hpp"

int main(int argc, char** argv) {
  return model::test("scope: a cancellation meets the beginning of the body").main(argc, argv, [] {
    scope_world w;
    {
      auto owner = model::spawn("owner", [&] { w.own([&](scope_join&) { return w.sleep(); }); });
      auto canceller = model::spawn("canceller", [&] { w.cancel_scope(); });
      auto worker = model::spawn("worker", [&] { w.take_over(); });
    }
    w.check_ended();
  });
}
