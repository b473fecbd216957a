// A receiver is cancelled while an item is sent: it has the item, or the channel has.
#include "channel_world.hpp"

int main(int argc, char** argv) {
  return model::test("channel: a cancel meets a send").main(argc, argv, [] {
    channel_world w(1);
    {
      auto receiver = model::spawn("receiver", [&] { w.receive(); });
      auto sender = model::spawn("sender", [&] { w.send(); });
      auto canceller = model::spawn("canceller", [&] { w.receiver.scope.cancel(w); });
    }
    model::check(w.sender.runs == 1 && w.receiver.runs == 1, "both went on");
    model::check(w.send_wait.sent(), "there was room");
    model::check(w.received() != w.receive_wait.was_cancelled(), "received, or cancelled");
    model::check(w.received() != w.take_what_is_left(), "the item has one owner");
  });
}
