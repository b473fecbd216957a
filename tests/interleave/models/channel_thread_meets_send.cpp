// A plain thread blocks in a channel while a chain sends: it comes back, with the whole item.
#include "channel_world.hpp"

namespace {

struct blocked final : sync_layer::receive_wait {
  using receive_wait::block;
  using receive_wait::receive_wait;
};

}  // namespace

int main(int argc, char** argv) {
  return model::test("channel: a thread that blocks gets the item").main(argc, argv, [] {
    channel_world w(0);
    blocked thread_wait(w.channel);
    {
      auto receiver = model::spawn("thread", [&] {
        thread_wait.block();
        model::check(thread_wait.item == &w.sent_item, "it got the item");
        model::check(w.sent_item.value == 42, "the item is whole");
      });
      auto sender = model::spawn("sender", [&] { w.send(); });
    }
    model::check(w.sender.runs == 1 && w.send_wait.sent(), "the sender went on");
  });
}
