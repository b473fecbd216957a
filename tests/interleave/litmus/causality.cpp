// More than two threads: who agrees with whom, and what travels along a chain.
#include "litmus.hpp"

namespace {

using namespace litmus;

// Independent reads of independent writes: may two readers disagree about the order of two writes?
template <std::memory_order S, std::memory_order L, class Fence>
void iriw(Fence barrier) {
  number x{0}, y{0};
  int a = -1, b = -1, c = -1, d = -1;
  {
    auto one = spawn("one", [&] { x.store(1, S); });
    auto two = spawn("two", [&] { y.store(1, S); });
    auto left = spawn("left", [&] {
      a = x.load(L);
      barrier();
      b = y.load(L);
    });
    auto right = spawn("right", [&] {
      c = y.load(L);
      barrier();
      d = x.load(L);
    });
  }
  observe(a == 1 && b == 0 && c == 1 && d == 0 ? "disagree" : "agree");
}

void three_preemptions(model::test& t) { t.preemptions(3); }

const entry acquire_iriw(
    "IRIW release/acquire: the readers may disagree", {"agree", "disagree"},
    [] { iriw<release, acquire>([] {}); }, three_preemptions);
const entry sequential_iriw(
    "IRIW seq_cst: they agree", {"agree"}, [] { iriw<seq_cst, seq_cst>([] {}); },
    three_preemptions);
const entry sequential_loads(
    "IRIW seq_cst loads of relaxed stores: they agree", {"agree"},
    [] { iriw<relaxed, seq_cst>([] {}); }, three_preemptions);
const entry sequential_stores(
    "IRIW acquire loads of seq_cst stores: they may disagree", {"agree", "disagree"},
    [] { iriw<seq_cst, acquire>([] {}); }, three_preemptions);
const entry fenced_iriw(
    "IRIW seq_cst fences between relaxed loads: they agree", {"agree"},
    [] { iriw<relaxed, relaxed>([] { fence(seq_cst); }); }, three_preemptions);
const entry acquire_fenced_iriw(
    "IRIW acquire fences between relaxed loads: they may disagree", {"agree", "disagree"},
    [] { iriw<relaxed, relaxed>([] { fence(acquire); }); }, three_preemptions);

// Write-to-read causality: a chain of two hops.
template <std::memory_order S, std::memory_order L>
void wrc() {
  number x{0}, y{0};
  int a = -1, b = -1, c = -1;
  {
    auto writer = spawn("writer", [&] { x.store(1, relaxed); });
    auto relay = spawn("relay", [&] {
      a = x.load(relaxed);
      y.store(1, S);
    });
    auto reader = spawn("reader", [&] {
      b = y.load(L);
      c = x.load(relaxed);
    });
  }
  observe(a == 1 && b == 1 && c == 0 ? "lost" : "kept");
}

const entry wrc_ordered("WRC release/acquire: what the relay read is kept", {"kept"},
                        [] { wrc<release, acquire>(); });
const entry wrc_loose("WRC relaxed: it may be lost", {"kept", "lost"},
                      [] { wrc<relaxed, relaxed>(); });

// Release sequences: only read-modify-writes continue one (C++20 dropped the thread's own stores).
template <class Middle>
void sequence(Middle middle) {
  number data{0}, flag{0};
  int seen = -1, value = -1;
  {
    auto head = spawn("head", [&] {
      data.store(1, relaxed);
      flag.store(1, release);
    });
    auto between = spawn("between", [&] { middle(flag); });
    auto reader = spawn("reader", [&] {
      seen = flag.load(acquire);
      value = data.load(relaxed);
    });
  }
  if (seen == 2) observe("2 %d", value);
  if (seen != 2) observe("-");
}

const entry by_update("a relaxed update continues a release sequence", {"-", "2 1"}, [] {
  sequence([](number& flag) {
    int expected = 1;
    flag.compare_exchange_strong(expected, 2, relaxed, relaxed);
  });
});
const entry by_store("a store of another thread ends it", {"-", "2 0", "2 1"}, [] {
  sequence([](number& flag) {
    if (flag.load(relaxed) == 1) flag.store(2, relaxed);
  });
});
const entry own_store("a relaxed store of the same thread ends it too", {"-", "2 0", "2 1"}, [] {
  number data{0}, flag{0};
  int seen = -1, value = -1;
  both(
      [&] {
        data.store(1, relaxed);
        flag.store(1, release);
        flag.store(2, relaxed);
      },
      [&] {
        seen = flag.load(acquire);
        value = data.load(relaxed);
      });
  if (seen == 2) observe("2 %d", value);
  if (seen != 2) observe("-");
});

// What the explorer leaves out, held fast so that a change of it is noticed.
const entry load_buffering("LB is left out: C++20 allows 1 1, the explorer does not find it",
                           {"0 0", "0 1", "1 0"}, [] {
                             number x{0}, y{0};
                             int a = -1, b = -1;
                             both(
                                 [&] {
                                   a = x.load(relaxed);
                                   y.store(1, relaxed);
                                 },
                                 [&] {
                                   b = y.load(relaxed);
                                   x.store(1, relaxed);
                                 });
                             observe("%d %d", a, b);
                           });

// R: a seq_cst fence against a seq_cst store and load of the other side.
template <class Fence>
void r_shape(Fence barrier) {
  number x{0}, y{0};
  int a = -1;
  both(
      [&] {
        x.store(1, relaxed);
        barrier();
        y.store(1, relaxed);
      },
      [&] {
        y.store(2, relaxed);
        barrier();
        a = x.load(relaxed);
      });
  observe("%d %d", y.load(relaxed), a);
}

const entry r_fenced("R seq_cst fences: y = 2 at last means x was seen", {"1 0", "1 1", "2 1"},
                     [] { r_shape([] { fence(seq_cst); }); });
const entry r_loose("R relaxed: it need not be", {"1 0", "1 1", "2 0", "2 1"},
                    [] { r_shape([] {}); });

}  // namespace
