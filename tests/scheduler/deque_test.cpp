// The deque by one thread: order, growth, exceptions, how much a steal takes.
#include <cstddef>
#include <cstdint>
#include <deque>
#include <gtest/gtest.h>
#include <new>
#include <random>
#include <vector>

#include <dwell/scheduler/deque.hpp>

#include "os/sanitized.hpp"
#include "support/scale.hpp"

namespace {

using dwell::scheduler::deque;
using dwell::scheduler::steal_width;
using item = deque::item;
using items = std::vector<item>;
using dwell_test::scaled;

void push(deque& d, item first, item last) {
  for (item i = first; i <= last; ++i) d.push(i);
}

items pop_all(deque& d) {
  items all;
  while (const item i = d.pop()) all.push_back(i);
  return all;
}

items pop_all_oldest(deque& d) {
  items all;
  while (const item i = d.pop_oldest()) all.push_back(i);
  return all;
}

items steal(deque& d, steal_width width = {}) {
  items loot(static_cast<std::size_t>(width.most));
  loot.resize(static_cast<std::size_t>(d.steal(loot.data())));
  return loot;
}

TEST(deque, begins_empty) {
  deque d(4096);
  EXPECT_TRUE(d.empty());
  EXPECT_TRUE(d.looks_empty());
  EXPECT_EQ(d.size_hint(), 0);
  EXPECT_EQ(d.pop(), 0u);
  EXPECT_EQ(d.pop_oldest(), 0u);
  EXPECT_EQ(steal(d), items{});
}

TEST(deque, pops_the_newest_first) {
  deque d(4096);
  push(d, 1, 4);
  EXPECT_EQ(pop_all(d), (items{4, 3, 2, 1}));
}

TEST(deque, pops_the_oldest_first_when_asked_for_the_oldest) {
  deque d(4096);
  push(d, 1, 4);
  EXPECT_EQ(pop_all_oldest(d), (items{1, 2, 3, 4}));
}

TEST(deque, steals_the_oldest_first) {
  deque d(256, {.most = 4, .small = 2});
  push(d, 1, 6);
  EXPECT_EQ(steal(d), (items{1, 2, 3}));
  EXPECT_EQ(pop_all(d), (items{6, 5, 4}));
}

TEST(deque, is_empty_exactly_when_nothing_is_left) {
  deque d(4096);
  for (int round = 0; round < 3; ++round) {
    push(d, 1, 2);
    EXPECT_FALSE(d.empty());
    EXPECT_EQ(d.pop(), 2u);
    EXPECT_FALSE(d.empty());
    EXPECT_EQ(round == 0 ? d.pop() : round == 1 ? d.pop_oldest() : steal(d).at(0), 1u);
    EXPECT_TRUE(d.empty());
    EXPECT_EQ(d.pop(), 0u);
    EXPECT_TRUE(d.empty());
  }
}

TEST(deque, counts_what_it_holds) {
  deque d(4096);
  push(d, 1, 100);
  EXPECT_EQ(d.size_hint(), 100);
  (void)d.pop();
  (void)d.pop_oldest();
  EXPECT_EQ(d.size_hint(), 98);
  const std::int64_t stolen = static_cast<std::int64_t>(steal(d).size());
  EXPECT_EQ(d.size_hint(), 98 - stolen);
}

// ---- How much a thief takes ----

TEST(steal, takes_a_single_item_below_small) {
  constexpr steal_width width{.most = 16, .small = 8};
  for (item size = 1; size < 8; ++size) {
    deque d(64, width);
    push(d, 1, size);
    EXPECT_EQ(steal(d, width), items{1}) << size;
  }
}

TEST(steal, takes_half_from_small_on) {
  constexpr steal_width width{.most = 16, .small = 8};
  for (item size = 8; size <= 32; ++size) {
    deque d(64, width);
    push(d, 1, size);
    EXPECT_EQ(steal(d, width).size(), size / 2) << size;
  }
}

TEST(steal, takes_no_more_than_most) {
  constexpr steal_width width{.most = 16, .small = 8};
  deque d(64, width);
  push(d, 1, 1000);
  EXPECT_EQ(steal(d, width).size(), 16u);
  EXPECT_EQ(d.size_hint(), 984);
}

TEST(steal, again_and_again_brings_everything_in_order) {
  deque d(4096);
  push(d, 1, 1000);
  items all;
  for (items loot; !(loot = steal(d)).empty();) all.insert(all.end(), loot.begin(), loot.end());
  ASSERT_EQ(all.size(), 1000u);
  for (item i = 1; i <= 1000; ++i) ASSERT_EQ(all[i - 1], i);
}

// ---- Growth ----

TEST(deque, grows_and_keeps_order) {
  deque d(8, {.most = 4, .small = 2});
  push(d, 1, 1000);
  EXPECT_EQ(d.size_hint(), 1000);
  for (item i = 1000; i > 0; --i) ASSERT_EQ(d.pop(), i);
}

// The array is circular: the items lie across its end when it grows, at every possible distance.
TEST(deque, grows_while_its_items_wrap_around_the_array) {
  constexpr steal_width width{.most = 4, .small = 2};
  for (item shift = 0; shift < 20; ++shift) {
    deque d(8, width);
    for (item i = 0; i < shift; ++i) {
      d.push(1);
      ASSERT_EQ(d.pop_oldest(), 1u);
    }
    push(d, 1, 50);
    ASSERT_EQ(steal(d, width), (items{1, 2, 3, 4})) << shift;
    ASSERT_EQ(d.pop(), 50u);
    for (item i = 5; i < 50; ++i) ASSERT_EQ(d.pop_oldest(), i) << shift;
    ASSERT_TRUE(d.empty());
  }
}

TEST(deque, makes_room_for_as_many_pushes_as_were_reserved) {
  deque d(8, {.most = 4, .small = 2});
  push(d, 1, 3);
  d.reserve(500);
  for (item i = 4; i <= 503; ++i) d.push_reserved(i);
  for (item i = 1; i <= 503; ++i) ASSERT_EQ(d.pop_oldest(), i);
}

TEST(deque, throws_when_it_cannot_grow_and_is_as_it_was) {
  if (dwell_test::sanitized) GTEST_SKIP() << "sanitizers stop at so large an allocation";
  deque d(8, {.most = 4, .small = 2});
  push(d, 1, 20);
  (void)d.pop_oldest();
  EXPECT_THROW(d.reserve(std::int64_t{1} << 60), std::bad_alloc);
  EXPECT_EQ(d.size_hint(), 19);
  push(d, 21, 40);
  for (item i = 40; i > 20; --i) ASSERT_EQ(d.pop(), i);
  for (item i = 2; i <= 20; ++i) ASSERT_EQ(d.pop_oldest(), i);
  EXPECT_TRUE(d.empty());
}

// ---- Everything at random, against a std::deque ----

class beside_an_oracle {
 public:
  explicit beside_an_oracle(std::uint64_t seed, std::int64_t first = 0)
      : random_(seed), deque_(8, width, first) {}

  void act() {
    switch (random_() % 8) {
      case 0:
      case 1:
      case 2:
        return push_some();
      case 3:
      case 4:
        return pop_one();
      case 5:
        return pop_oldest_one();
      case 6:
        return steal_some();
      default:
        ASSERT_EQ(deque_.empty(), oracle_.empty());
        ASSERT_EQ(deque_.size_hint(), static_cast<std::int64_t>(oracle_.size()));
    }
  }

 private:
  void push_some() {
    for (std::uint64_t n = random_() % 6; n > 0; --n) {
      deque_.push(++newest_);
      oracle_.push_back(newest_);
    }
  }
  void pop_one() {
    ASSERT_EQ(deque_.pop(), oracle_.empty() ? 0 : oracle_.back());
    if (!oracle_.empty()) oracle_.pop_back();
  }
  void pop_oldest_one() {
    ASSERT_EQ(deque_.pop_oldest(), oracle_.empty() ? 0 : oracle_.front());
    if (!oracle_.empty()) oracle_.pop_front();
  }
  void steal_some() {
    for (const item i : steal(deque_, width)) {
      ASSERT_FALSE(oracle_.empty());
      ASSERT_EQ(i, oracle_.front());
      oracle_.pop_front();
    }
  }

  static constexpr steal_width width{.most = 4, .small = 3};
  std::mt19937_64 random_;
  deque deque_;
  std::deque<item> oracle_;
  item newest_ = 0;
};

TEST(deque, agrees_with_an_oracle_over_random_operations) {
  const std::int64_t operations = scaled(1'000'000);
  for (std::uint64_t seed = 0; seed < 10; ++seed) {
    beside_an_oracle both(seed);
    for (std::int64_t i = 0; i < operations / 10; ++i) {
      both.act();
      ASSERT_FALSE(HasFatalFailure()) << "seed " << seed << ", operation " << i;
    }
  }
}

// Where an index of 32 bits would wrap, and one that somebody takes for unsigned.
TEST(deque, does_not_mind_where_its_indices_pass_a_power_of_two) {
  const std::int64_t operations = scaled(100'000);
  for (const std::int64_t power : {std::int64_t{1} << 31, std::int64_t{1} << 32, std::int64_t{0}}) {
    beside_an_oracle both(1, power - operations / 10);
    for (std::int64_t i = 0; i < operations; ++i) {
      both.act();
      ASSERT_FALSE(HasFatalFailure()) << "around " << power << ", operation " << i;
    }
  }
}

TEST(deque, takes_a_batch_across_a_power_of_two) {
  for (const std::int64_t power : {std::int64_t{1} << 31, std::int64_t{1} << 32, std::int64_t{0}}) {
    for (std::int64_t before = 0; before <= 40; ++before) {
      deque d(8, {.most = 4, .small = 2}, power - before);
      d.reserve(40);
      d.push_reserved(40, [](std::uint32_t i) { return item{i} + 1; });
      ASSERT_EQ(d.size_hint(), 40);
      for (item i = 1; i <= 40; ++i) ASSERT_EQ(d.pop_oldest(), i) << power << " - " << before;
      ASSERT_TRUE(d.empty());
    }
  }
}

}  // namespace
