// Coherence: one location has one order, and no thread sees it backwards.
#include "litmus.hpp"

namespace {

using namespace litmus;

const entry read_read("CoRR: two reads do not go backwards", {"0 0", "0 1", "1 1"}, [] {
  number x{0};
  int a = -1, b = -1;
  both([&] { x.store(1, relaxed); },
       [&] {
         a = x.load(relaxed);
         b = x.load(relaxed);
       });
  observe("%d %d", a, b);
});

const entry write_write("CoWW: two writes of a thread keep their order", {"0", "1", "2"}, [] {
  number x{0};
  int a = -1;
  both(
      [&] {
        x.store(1, relaxed);
        x.store(2, relaxed);
      },
      [&] { a = x.load(relaxed); });
  model::check(x.load(relaxed) == 2, "the second store is the last");
  observe("%d", a);
});

const entry write_read("CoWR: a thread does not read what it overwrote", {"1 1", "1 2", "2 2"}, [] {
  number x{0};
  int a = -1;
  both(
      [&] {
        x.store(1, relaxed);
        a = x.load(relaxed);
      },
      [&] { x.store(2, relaxed); });
  const int last = x.load(relaxed);
  if (a == 1) observe("1 %d", last);
  if (a == 2) observe("2 %d", last);
});

const entry read_write("CoRW: a read does not see what comes behind its thread's own write",
                       {"0 1", "0 2", "1 2"}, [] {
                         number x{0};
                         int a = -1;
                         both([&] { x.store(1, relaxed); },
                              [&] {
                                a = x.load(relaxed);
                                x.store(2, relaxed);
                              });
                         observe("%d %d", a, x.load(relaxed));
                       });

const entry one_order(
    "two readers agree on the order of two writes", {"consistent"},
    [] {
      number x{0};
      int a = -1, b = -1, c = -1, d = -1;
      {
        auto one = spawn("one", [&] { x.store(1, relaxed); });
        auto two = spawn("two", [&] { x.store(2, relaxed); });
        auto left = spawn("left", [&] {
          a = x.load(relaxed);
          b = x.load(relaxed);
        });
        auto right = spawn("right", [&] {
          c = x.load(relaxed);
          d = x.load(relaxed);
        });
      }
      const bool up = (a == 1 && b == 2) || (c == 1 && d == 2);
      const bool down = (a == 2 && b == 1) || (c == 2 && d == 1);
      observe(up && down ? "contrary" : "consistent");
    },
    [](model::test& t) { t.preemptions(2); });

// The weak outcome needs a store that goes in front of one executed before it.
template <std::memory_order O>
void two_plus_two() {
  number x{0}, y{0};
  both(
      [&] {
        x.store(1, O);
        y.store(2, O);
      },
      [&] {
        y.store(1, O);
        x.store(2, O);
      });
  observe("%d %d", x.load(relaxed), y.load(relaxed));
}

const entry two_two("2+2W relaxed: both first stores may win", {"1 1", "1 2", "2 1", "2 2"},
                    [] { two_plus_two<relaxed>(); });
const entry two_two_release("2+2W release: both first stores may win", {"1 1", "1 2", "2 1", "2 2"},
                            [] { two_plus_two<release>(); });
const entry two_two_sequential("2+2W seq_cst: they may not", {"1 2", "2 1", "2 2"},
                               [] { two_plus_two<seq_cst>(); });
const entry in_order(
    "2+2W without reordered stores: they may not", {"1 2", "2 1", "2 2"},
    [] { two_plus_two<relaxed>(); }, [](model::test& t) { t.stores_in_order(); });

const entry atomic_updates("updates do not lose one another", {"2"}, [] {
  number x{0};
  both([&] { x.fetch_add(1, relaxed); }, [&] { x.fetch_add(1, relaxed); });
  observe("%d", x.load(relaxed));
});

const entry exchange_once("one of two compare-exchanges wins", {"1 0", "0 1"}, [] {
  number x{0};
  bool a = false, b = false;
  both(
      [&] {
        int expected = 0;
        a = x.compare_exchange_strong(expected, 1, relaxed, relaxed);
      },
      [&] {
        int expected = 0;
        b = x.compare_exchange_strong(expected, 2, relaxed, relaxed);
      });
  observe("%d %d", a, b);
});

// A store cannot come between an update and the store that it read: from 0, +1 and store 5 end in
// 5 or 6, and 1 is never read behind a 5.
const entry no_gap("nothing comes between an update and what it read", {"0 5", "5 6"}, [] {
  number x{0};
  int read = -1;
  both([&] { read = x.fetch_add(1, relaxed); }, [&] { x.store(5, relaxed); });
  observe("%d %d", read, x.load(relaxed));
});

const entry weak_exchange("a weak compare-exchange may fail for no reason", {"0", "1"}, [] {
  number x{0};
  int expected = 0;
  observe("%d", x.compare_exchange_weak(expected, 1, relaxed, relaxed));
});

}  // namespace
