// An edge comes while a canceller asks to forget the reader: exactly one of them ends the wait, and
// what the canceller took away from is not lost to the next wait.
#include <dwell/reactor/readiness.hpp>
#include <dwell/task/frame_header.hpp>

#include "../explorer/model.hpp"

int main(int argc, char** argv) {
  return model::test("readiness: either the edge wakes the reader or the canceller has it")
      .reorderings(1)
      .main(argc, argv, [] {
        dwell::reactor::readiness word;
        dwell::core::frame_header reader(std::source_location::current());
        model::check(word.arm(reader), "nothing was announced");
        bool woken = false;
        bool forgotten = false;
        {
          auto poller = model::spawn("poller", [&] { woken = word.announce() == &reader; });
          auto canceller = model::spawn("canceller", [&] { forgotten = word.forget(reader); });
        }
        model::check(woken != forgotten, "one of them, and only one");
        model::check(word.consume() == forgotten, "an edge that woke nobody is remembered");
      });
}
