// Store buffering (Dekker): may both threads miss the other's store?
#include "litmus.hpp"

namespace {

using namespace litmus;

template <class Store, class Fence, class Load>
void program(Store put, Fence barrier, Load get) {
  number x{0}, y{0};
  int a = -1, b = -1;
  both(
      [&] {
        put(x);
        barrier(0);
        a = get(y);
      },
      [&] {
        put(y);
        barrier(1);
        b = get(x);
      });
  observe("%d %d", a, b);
}

template <std::memory_order S, std::memory_order L>
void plain() {
  program([](number& x) { x.store(1, S); }, [](int) {}, [](number& x) { return x.load(L); });
}

template <class Fence>
void fenced(Fence barrier) {
  program([](number& x) { x.store(1, relaxed); }, barrier,
          [](number& x) { return x.load(relaxed); });
}

const entry relaxed_ones("SB relaxed: both may read 0", {"0 0", "0 1", "1 0", "1 1"},
                         [] { plain<relaxed, relaxed>(); });
const entry acquiring("SB release/acquire: both may read 0", {"0 0", "0 1", "1 0", "1 1"},
                      [] { plain<release, acquire>(); });
const entry sequential("SB seq_cst operations: one reads 1", {"0 1", "1 0", "1 1"},
                       [] { plain<seq_cst, seq_cst>(); });
const entry half("SB seq_cst stores, acquire loads: both may read 0", {"0 0", "0 1", "1 0", "1 1"},
                 [] { plain<seq_cst, acquire>(); });
const entry fences("SB seq_cst fences: one reads 1", {"0 1", "1 0", "1 1"},
                   [] { fenced([](int) { fence(seq_cst); }); });
const entry weak_fences("SB acq_rel fences: both may read 0", {"0 0", "0 1", "1 0", "1 1"},
                        [] { fenced([](int) { fence(acq_rel); }); });
const entry one_fence("SB one seq_cst fence: both may read 0", {"0 0", "0 1", "1 0", "1 1"}, [] {
  fenced([](int thread) {
    if (thread == 0) fence(seq_cst);
  });
});

void asymmetric(bool heavy_first, bool heavy_second) {
  fenced([=](int thread) {
    if (thread == 0 ? heavy_first : heavy_second)
      dwell::os::heavy_fence();
    else
      dwell::os::light_fence();
  });
}

const entry light_heavy("SB light and heavy fence: one reads 1", {"0 1", "1 0", "1 1"},
                        [] { asymmetric(false, true); });
const entry heavy_heavy("SB two heavy fences: one reads 1", {"0 1", "1 0", "1 1"},
                        [] { asymmetric(true, true); });
const entry light_light("SB two light fences: both may read 0", {"0 0", "0 1", "1 0", "1 1"},
                        [] { asymmetric(false, false); });
const entry symmetric(
    "SB two light fences where they are seq_cst fences: one reads 1", {"0 1", "1 0", "1 1"},
    [] { asymmetric(false, false); }, [](model::test& t) { t.symmetric_fences(); });

// The usual shape in a scheduler: one side announces itself by a read-modify-write.
const entry updates("SB with seq_cst updates: one reads 1", {"0 1", "1 0", "1 1"}, [] {
  program([](number& x) { x.fetch_add(1, seq_cst); }, [](int) {},
          [](number& x) { return x.load(seq_cst); });
});
const entry read_by_update("SB reading by acq_rel updates: both may read 0",
                           {"0 0", "0 1", "1 0", "1 1"}, [] {
                             program([](number& x) { x.store(1, relaxed); }, [](int) {},
                                     [](number& x) { return x.fetch_add(0, acq_rel); });
                           });

}  // namespace
