// Bytes arrive, and the poller says so once, while the reader tries its call in vain and goes to
// sleep: it is woken, or finds the edge before it sleeps; and its frame travels with the waking.
#include <dwell/os/lock.hpp>
#include <dwell/reactor/readiness.hpp>
#include <dwell/task/frame_header.hpp>

#include "../explorer/model.hpp"
#include "latch.hpp"

namespace {

namespace core = dwell::core;

struct chain : core::frame_header {
  chain() : frame_header(std::source_location::current()) { model::name(frame, "frame"); }
  model::var<int> frame{0};
};

struct world {
  void read() {
    while (!try_read()) {
      reader.frame = 1;
      if (!word.arm(reader)) continue;
      woken.wait();
      model::check(try_read(), "who was woken finds the bytes");
      return;
    }
    woken.count_down();
  }
  void arrive() {
    {
      const dwell::os::lock_guard guard(kernel);
      arrived = true;
    }
    core::frame_header* const waiter = word.announce();
    if (waiter == nullptr) return;
    model::check(static_cast<chain&>(*waiter).frame == 1, "the frame travels");
    woken.count_down();
  }
  bool try_read() {
    const dwell::os::lock_guard guard(kernel);
    return arrived;
  }

  dwell::reactor::readiness word;
  chain reader;
  latch woken{1};
  dwell::os::lock kernel;
  bool arrived = false;  // under the kernel's lock
};

}  // namespace

int main(int argc, char** argv) {
  return model::test("readiness: an edge is never lost between the try and the sleep")
      .reorderings(1)
      .main(argc, argv, [] {
        world w;
        auto reader = model::spawn("reader", [&] { w.read(); });
        auto poller = model::spawn("poller", [&] { w.arrive(); });
      });
}
