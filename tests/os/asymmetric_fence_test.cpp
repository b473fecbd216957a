// The store-load fence in two halves, and its symmetric fallback.
//
// The test of both is Dekker's: two threads each write their own flag, fence, and read the other's.
// At least one must see the other's write. With a compiler barrier on both sides a processor with
// store buffers fails it within a few thousand rounds; the models prove what a machine can only
// suggest.
#include <cstdint>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

#include <dwell/base/atomic.hpp>
#include <dwell/base/cache_line.hpp>
#include <dwell/os/asymmetric_fence.hpp>

#include "support/scale.hpp"

namespace {

namespace base = dwell::base;
namespace os = dwell::os;
using dwell_test::scaled;

/// Sets the kind of fence for a test, and registers again at its end.
class fences : public ::testing::TestWithParam<bool> {
 protected:
  fences() { os::enable_asymmetric_fences(GetParam()); }
  ~fences() override { os::enable_asymmetric_fences(); }
};

struct round {
  alignas(base::cache_line) base::atomic<int> light{0};
  alignas(base::cache_line) base::atomic<int> heavy{0};
  int light_saw = -1;
  int heavy_saw = -1;
};

/// Both threads begin each round within a few nanoseconds of each other.
class start_line {
 public:
  void meet(int round) noexcept {
    arrived_.fetch_add(1, base::acq_rel);
    for (int spins = 0; arrived_.load(base::acquire) < 2 * (round + 1); ++spins)
      spins < 200 ? base::cpu_pause() : std::this_thread::yield();
  }

 private:
  base::atomic<int> arrived_{0};
};

TEST_P(fences, order_a_store_before_a_load_on_both_sides) {
  const int rounds = static_cast<int>(scaled(50'000));
  constexpr int at_a_time = 1000;
  start_line line;
  std::vector<round> all(at_a_time);
  int missed = 0;
  const auto light_side = [&](int i) {
    round& r = all[static_cast<std::size_t>(i % at_a_time)];
    r.light.store(1, base::relaxed);
    os::light_fence();
    r.light_saw = r.heavy.load(base::relaxed);
  };
  const auto heavy_side = [&](int i) {
    round& r = all[static_cast<std::size_t>(i % at_a_time)];
    r.heavy.store(1, base::relaxed);
    os::heavy_fence();
    r.heavy_saw = r.light.load(base::relaxed);
  };
  start_line done;
  std::thread other([&] {
    for (int i = 0; i < rounds; ++i) {
      line.meet(i);
      light_side(i);
      done.meet(i);
    }
  });
  for (int i = 0; i < rounds; ++i) {
    line.meet(i);
    heavy_side(i);
    done.meet(i);
    round& r = all[static_cast<std::size_t>(i % at_a_time)];
    if (r.light_saw == 0 && r.heavy_saw == 0) ++missed;
    r.light.store(0, base::relaxed);
    r.heavy.store(0, base::relaxed);
  }
  other.join();
  EXPECT_EQ(missed, 0);
}

TEST_P(fences, publish_what_was_written_before_the_flag_was_seen) {
  const int rounds = static_cast<int>(scaled(20'000));
  base::atomic<int> flag{0};
  base::atomic<int> data{0};
  std::thread other([&] {
    for (int i = 1; i <= rounds; ++i) {
      data.store(i, base::relaxed);
      base::fence(base::release);
      flag.store(i, base::relaxed);
    }
  });
  for (int seen = 0; seen < rounds;) {
    seen = flag.load(base::relaxed);
    os::heavy_fence();
    ASSERT_GE(data.load(base::relaxed), seen);
  }
  other.join();
}

INSTANTIATE_TEST_SUITE_P(asymmetric_and_symmetric, fences, ::testing::Bool(),
                         [](const auto& kind) { return kind.param ? "asymmetric" : "symmetric"; });

TEST(asymmetric_fences, can_be_refused_and_taken_back) {
  os::enable_asymmetric_fences();
  const bool granted = os::asymmetric_fences.load();
  os::enable_asymmetric_fences(false);
  EXPECT_FALSE(os::asymmetric_fences.load());
  os::enable_asymmetric_fences();
  EXPECT_EQ(os::asymmetric_fences.load(), granted) << "registering again is idempotent";
}

TEST(asymmetric_fences, may_be_registered_by_many_threads_at_once) {
  os::enable_asymmetric_fences();
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([] {
      os::enable_asymmetric_fences();
      os::heavy_fence();
    });
  for (std::thread& t : threads) t.join();
}

}  // namespace
