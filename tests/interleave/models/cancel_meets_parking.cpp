// A chain parks in a scope two levels below the one that is cancelled, enrolling on its way: the
// canceller finds it, or it sees the flag. None sleeps for ever.
#include "cancel_world.hpp"

int main(int argc, char** argv) {
  return model::test("cancel: a chain that parks is found or sees the flag").main(argc, argv, [] {
    cancel_world w;
    scope_node top;
    scope_node outer(top);
    scope_node inner(outer);
    sleeping_chain chain(inner);
    {
      auto worker = model::spawn("worker", [&] { w.park(chain); });
      auto canceller = model::spawn("canceller", [&] { top.cancel(w.exec); });
    }
    model::check(chain.runs == 1, "the chain does not sleep in a cancelled tree");
  });
}
