// The task that an event lets go destroys the event: whoever set it touches it no more.
#include <memory>

#include <dwell/sync/event.cpp>

#include "waiting_world.hpp"

int main(int argc, char** argv) {
  return model::test("event: the last waiter may destroy it").main(argc, argv, [] {
    auto happened = std::make_unique<dwell::event>();
    waiting_world w(happened->wait(), [&](auto&) { happened.reset(); });
    {
      auto setter = model::spawn("setter", [&event = *happened] { event.set(); });
      auto waiter = model::spawn("waiter", [&] { w.await(); });
    }
    model::check(w.runs == 1, "the waiter went on");
  });
}
