// Message passing: does the reader that sees the flag see the data?
#include "litmus.hpp"

namespace {

using namespace litmus;

template <class Write, class Read>
void program(Write raise, Read look) {
  number data{0}, flag{0};
  int seen = -1, value = -1;
  both(
      [&] {
        data.store(1, relaxed);
        raise(flag);
      },
      [&] {
        seen = look(flag);
        value = data.load(relaxed);
      });
  observe("%d %d", seen, value);
}

template <std::memory_order S, std::memory_order L>
void plain() {
  program([](number& f) { f.store(1, S); }, [](number& f) { return f.load(L); });
}

int fenced_load(number& f) {
  const int seen = f.load(relaxed);
  fence(acquire);
  return seen;
}

void fenced_store(number& f) {
  fence(release);
  f.store(1, relaxed);
}

const entry ordered("MP release/acquire: the data is there", {"0 0", "0 1", "1 1"},
                    [] { plain<release, acquire>(); });
const entry loose("MP relaxed: it may not be", {"0 0", "0 1", "1 0", "1 1"},
                  [] { plain<relaxed, relaxed>(); });
const entry no_acquire("MP release/relaxed: it may not be", {"0 0", "0 1", "1 0", "1 1"},
                       [] { plain<release, relaxed>(); });
const entry no_release("MP relaxed/acquire: it may not be", {"0 0", "0 1", "1 0", "1 1"},
                       [] { plain<relaxed, acquire>(); });
const entry fences("MP release fence, acquire fence: the data is there", {"0 0", "0 1", "1 1"},
                   [] { program(fenced_store, fenced_load); });
const entry store_fence("MP release fence, acquire load: the data is there", {"0 0", "0 1", "1 1"},
                        [] { program(fenced_store, [](number& f) { return f.load(acquire); }); });
const entry load_fence("MP release store, acquire fence: the data is there", {"0 0", "0 1", "1 1"},
                       [] { program([](number& f) { f.store(1, release); }, fenced_load); });
const entry half_fence("MP release fence only: it may not be", {"0 0", "0 1", "1 0", "1 1"},
                       [] { program(fenced_store, [](number& f) { return f.load(relaxed); }); });
const entry light("MP light fence is no release fence", {"0 0", "0 1", "1 0", "1 1"}, [] {
  program(
      [](number& f) {
        dwell::os::light_fence();
        f.store(1, relaxed);
      },
      [](number& f) { return f.load(acquire); });
});
const entry failed_exchange("MP a failing compare-exchange acquires with its failure order",
                            {"0 0", "0 1", "1 1"}, [] {
                              program([](number& f) { f.store(1, release); },
                                      [](number& f) {
                                        int expected = 7;
                                        f.compare_exchange_strong(expected, 8, relaxed, acquire);
                                        return expected;
                                      });
                            });

void plain_data(std::memory_order store_order, std::memory_order load_order) {
  var<int> data{0};
  number flag{0};
  both(
      [&] {
        data = 1;
        flag.store(1, store_order);
      },
      [&] {
        if (flag.load(load_order) == 1) model::check(data == 1, "the data is there");
      });
  observe("fine");
}

const entry no_race("MP plain data, release/acquire: no race", {"fine"},
                    [] { plain_data(release, acquire); });
const entry race_write("MP plain data, relaxed store: a data race", "data race",
                       [] { plain_data(relaxed, acquire); });
const entry race_read("MP plain data, relaxed load: a data race", "data race",
                      [] { plain_data(release, relaxed); });

// Two seq_cst fences are ordered in S, but that is no happens-before: plain data still races.
const entry fences_do_not_synchronize("seq_cst fences alone do not synchronize", "data race", [] {
  var<int> data{0};
  number order{0};
  both(
      [&] {
        data = 1;
        order.fetch_add(1, relaxed);
        fence(seq_cst);
      },
      [&] {
        fence(seq_cst);
        if (order.load(relaxed) == 1) model::check(data == 1, "the data is there");
      });
});

}  // namespace
