// A channel is closed while one chain sends and another receives: both go on once, and the item is
// the receiver's or still the sender's.
#include "channel_world.hpp"

int main(int argc, char** argv) {
  return model::test("channel: close meets a send and a receive").main(argc, argv, [] {
    channel_world w(0);
    {
      auto receiver = model::spawn("receiver", [&] { w.receive(); });
      auto sender = model::spawn("sender", [&] { w.send(); });
      auto closer = model::spawn("closer", [&] {
        w.channel.close();
        const dwell::channel_statistics s = w.channel.statistics();
        model::check(s.waiting_senders + s.waiting_receivers == 0, "nobody is left in the lines");
      });
    }
    model::check(w.sender.runs == 1 && w.receiver.runs == 1, "both went on");
    model::check(w.received() == w.send_wait.sent(), "the item has one owner");
    model::check(!w.take_what_is_left(), "nothing is left in a channel that holds nothing");
  });
}
