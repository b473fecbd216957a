// A timer is armed, fires, and its cell is used again, while a canceller comes with the first
// timer's ticket: of firing and cancelling exactly one wins, the second timer is never hit, frames
// travel with their timers, and the cells come back.
#include "reactor_world.hpp"

namespace {

struct world {
  // Until the worker has a ticket for it, the canceller has nothing to cancel.
  void work() {
    ticket = arm(timers.port(0), first, the_time - 1);
    armed.count_down();
    const std::size_t before = model::heap::alive().bytes;
    timers.port(0).reserve();
    // Asked before arm(), whose fence would order it.
    const bool reused = model::heap::alive().bytes < before + sizeof(dwell::reactor::wheel::block);
    if (reused && first.woken > 0)
      model::check(first.frame == 2, "a cell comes back after what it woke");
    second.frame = 1;
    const auto again = timers.port(0).arm(second, the_time - 1);
    model::check((again.cell == ticket.cell) == reused, "the cell that came back is used again");
  }
  void cancel() {
    armed.wait();
    cancelled = timers.cancel(0, ticket);
  }
  // As the attendant: whoever arms may become that too.
  void step() {
    if (!timers.enter()) return;
    (void)timers.step(the_time);
    timers.leave();
  }
  void check() {
    (void)timers.step(the_time);
    model::check(first.woken + (cancelled ? 1 : 0) == 1, "either fired or cancelled");
    model::check(second.woken == 1, "a stale ticket cancels nothing");
    model::check(timers.pending_timers() == 0, "no timer is left");
    sleeper more[2];
    const auto a = arm(timers.port(0), more[0], the_time);
    const auto b = arm(timers.port(0), more[1], the_time);
    model::check(a.cell + b.cell == 1, "no cell is lost, none given out twice");
  }

  waking_executor exec{2};
  dwell::reactor::reactor timers{exec, 1, the_time};
  sleeper first;
  sleeper second;
  dwell::reactor::timer_ticket ticket{};
  latch armed{1};
  bool cancelled = false;
};

}  // namespace

int main(int argc, char** argv) {
  return model::test("timer cell: a stale ticket never hits the timer that uses the cell next")
      .reorderings(1)
      .random(5'000)
      .main(argc, argv, [] {
        world w;
        model::name(w.timers, "reactor");
        {
          auto worker = model::spawn("worker", [&] { w.work(); });
          auto reactor = model::spawn("reactor", [&] {
            w.step();
            w.step();
          });
          auto canceller = model::spawn("canceller", [&] { w.cancel(); });
        }
        w.check();
      });
}
