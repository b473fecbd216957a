// One owner and its thieves: every item is consumed exactly once, whoever gets it.
//
// The arrays are small and the bursts short, so that the owner meets the thieves at the last items
// again and again, growth happens under fire, and indices wrap around the array.
#include <algorithm>
#include <atomic>
#include <cstdint>
#include <gtest/gtest.h>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <dwell/os/asymmetric_fence.hpp>
#include <dwell/scheduler/deque.hpp>

#include "scheduler/pinned.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"

namespace {

using dwell::scheduler::deque;
using dwell::scheduler::steal_width;
using dwell_test::pinned;
using dwell_test::scaled;
using dwell_test::watchdog;

/// How often each item was consumed.
class ledger {
 public:
  explicit ledger(std::int64_t count)
      : count_(count), seen_(new std::atomic<std::uint8_t>[static_cast<std::size_t>(count) + 1]) {
    for (std::int64_t i = 0; i <= count; ++i) seen_[static_cast<std::size_t>(i)] = 0;
  }

  void consume(deque::item i) {
    seen_[i].fetch_add(1, std::memory_order_relaxed);
    consumed_.fetch_add(1, std::memory_order_relaxed);
  }
  void count_stolen(std::int64_t items) { stolen_.fetch_add(items, std::memory_order_relaxed); }
  [[nodiscard]] std::int64_t stolen() const { return stolen_.load(std::memory_order_relaxed); }
  [[nodiscard]] bool complete() const {
    return consumed_.load(std::memory_order_relaxed) >= count_;
  }
  /// The first item that was not consumed exactly once, or 0.
  [[nodiscard]] std::int64_t first_wrong() const {
    for (std::int64_t i = 1; i <= count_; ++i)
      if (seen_[static_cast<std::size_t>(i)].load(std::memory_order_relaxed) != 1) return i;
    return 0;
  }

 private:
  const std::int64_t count_;
  std::unique_ptr<std::atomic<std::uint8_t>[]> seen_;
  std::atomic<std::int64_t> consumed_{0};
  std::atomic<std::int64_t> stolen_{0};
};

struct shape {
  int thieves;
  std::size_t capacity;
  steal_width width;
  bool asymmetric;
};

class deque_stress : public ::testing::TestWithParam<shape> {
 protected:
  deque_stress() { dwell::os::enable_asymmetric_fences(GetParam().asymmetric); }
  ~deque_stress() override { dwell::os::enable_asymmetric_fences(); }

  // Bursts of pushes and pops; most leave the deque nearly empty, some let it grow.
  static void own(deque& d, ledger& all, std::int64_t count) {
    const pinned apart(pinned::place::first);
    std::mt19937_64 random(7);
    for (std::int64_t next = 1; next <= count;) {
      const std::uint64_t most = random() % 64 == 0 ? 300 : 12;
      auto burst = std::min(static_cast<std::int64_t>(1 + random() % most), count - next + 1);
      d.reserve(burst);
      for (; burst > 0; --burst) d.push_reserved(static_cast<deque::item>(next++));
      for (std::uint64_t pause = random() % 16; pause > 0; --pause) dwell::base::cpu_pause();
      for (std::uint64_t pops = random() % 16; pops > 0; --pops) take(d, all, random() % 8 == 0);
    }
    // An item that a thief gives back shows up a moment later: hence not "until empty".
    while (!all.complete()) take(d, all, false);
  }

  static void take(deque& d, ledger& all, bool oldest) {
    if (const deque::item i = oldest ? d.pop_oldest() : d.pop()) all.consume(i);
  }

  static void plunder(deque& d, ledger& all, std::int64_t most) {
    const pinned apart(pinned::place::all_but_first);
    std::vector<deque::item> loot(static_cast<std::size_t>(most));
    while (!all.complete()) {
      const std::int64_t taken = d.steal(loot.data());
      for (std::int64_t i = 0; i < taken; ++i) all.consume(loot[static_cast<std::size_t>(i)]);
      all.count_stolen(taken);
      if (taken == 0) std::this_thread::yield();
    }
  }
};

TEST_P(deque_stress, gives_each_item_to_exactly_one) {
  const watchdog alarm("an item was lost");
  const std::int64_t count = scaled(1'000'000);
  const shape& s = GetParam();
  deque d(s.capacity, s.width);
  ledger all(count);
  std::vector<std::thread> thieves;
  for (int t = 0; t < s.thieves; ++t) thieves.emplace_back([&] { plunder(d, all, s.width.most); });
  own(d, all, count);
  for (std::thread& t : thieves) t.join();
  EXPECT_EQ(all.first_wrong(), 0);
  EXPECT_TRUE(d.empty());
  EXPECT_EQ(d.size_hint(), 0);
  RecordProperty("stolen_per_hundred_items", static_cast<int>(100 * all.stolen() / count));
}

std::string name_of(const ::testing::TestParamInfo<shape>& info) {
  const shape& s = info.param;
  return std::to_string(s.thieves) + "_thieves_capacity_" + std::to_string(s.capacity) +
         (s.asymmetric ? "_asymmetric" : "_symmetric");
}

constexpr steal_width narrow{.most = 2, .small = 2};
constexpr steal_width middling{.most = 8, .small = 4};

INSTANTIATE_TEST_SUITE_P(shapes, deque_stress,
                         ::testing::Values(shape{1, 4, narrow, true}, shape{2, 4, narrow, true},
                                           shape{3, 16, middling, true}, shape{1, 4096, {}, true},
                                           shape{1, 4, narrow, false},
                                           shape{2, 16, middling, false},
                                           shape{3, 4096, {}, false}),
                         name_of);

}  // namespace
