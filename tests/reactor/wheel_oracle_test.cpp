// The wheel beside an oracle, a sorted multimap, over a million random operations.
//
// Delays of every magnitude from zero to 200 years, steps of time likewise, looks that the sink
// breaks off, sweeps. After each operation: nothing came early, nothing due is missing, the next
// deadline is right.
#include <algorithm>
#include <cstdint>
#include <gtest/gtest.h>
#include <map>
#include <random>
#include <vector>

#include <dwell/reactor/wheel.hpp>

#include "reactor/lent_wheel.hpp"
#include "support/scale.hpp"

namespace {

using dwell::reactor::wheel;
using dwell_test::lent_wheel;
using dwell_test::scaled;

constexpr std::int64_t year_ns = std::int64_t{365} * 86'400 * 1'000'000'000;

class world {
 public:
  world(std::uint64_t seed, std::int64_t start, bool sweeps)
      : random_(seed), now_(start), sweeps_(sweeps), wheel_(start) {}

  void act() {
    const std::uint64_t choice = random_() % 1000;
    if (choice < 600)
      insert();
    else if (choice < 850)
      advance(now_after(magnitude(34)));
    else if (choice < 950)
      advance_with_interruptions(now_after(magnitude(38)));
    else if (choice < 953)
      advance(now_after(magnitude(57)));
    else if (choice < 954 && sweeps_)
      sweep();
    else
      advance(oracle_.empty() ? now_ : std::max(now_, oracle_.begin()->first));
    check();
  }

  /// Everything fires in the end.
  void finish() {
    advance(INT64_MAX);
    EXPECT_TRUE(oracle_.empty());
    EXPECT_EQ(wheel_->size(), 0u);
  }

 private:
  using timers = std::multimap<std::int64_t, std::uint64_t>;

  // Up to 2^bits, every magnitude as likely as the next.
  std::int64_t magnitude(std::uint64_t bits) {
    const std::uint64_t width = random_() % (bits + 1);
    return static_cast<std::int64_t>(random_() & ((std::uint64_t{1} << width) - 1));
  }
  [[nodiscard]] std::int64_t now_after(std::int64_t delay) const {
    return delay > INT64_MAX - now_ ? INT64_MAX : now_ + delay;
  }

  void insert() {
    const std::int64_t delay = std::min(magnitude(62), 200 * year_ns);
    const std::int64_t past = random_() % 50 == 0 ? -magnitude(40) : 0;
    const std::int64_t deadline = past != 0 ? now_ + past : now_after(delay);
    wheel_.insert(deadline, where_.size());
    where_.push_back(oracle_.emplace(deadline, where_.size()));
  }

  bool fired(const wheel::entry& e) {
    EXPECT_LE(e.deadline_ns, now_) << "early";
    const timers::iterator known = where_[e.payload];
    EXPECT_NE(known, oracle_.end()) << "a second time";
    if (known == oracle_.end()) return false;
    EXPECT_EQ(known->first, e.deadline_ns);
    oracle_.erase(known);
    where_[e.payload] = oracle_.end();
    return true;
  }

  void advance(std::int64_t to) {
    now_ = to;
    EXPECT_TRUE(wheel_->expire(now_, [&](const wheel::entry& e) { return fired(e); }));
    EXPECT_TRUE(oracle_.empty() || oracle_.begin()->first > now_) << "missed";
  }

  void advance_with_interruptions(std::int64_t to) {
    now_ = to;
    while (!wheel_->expire(now_,
                           [&](const wheel::entry& e) { return random_() % 4 != 0 && fired(e); }))
      check();
    EXPECT_TRUE(oracle_.empty() || oracle_.begin()->first > now_) << "missed";
  }

  void sweep() {
    const std::uint64_t doomed = random_() % 3;
    wheel_->remove_if([&](std::uint64_t payload) { return payload % 3 == doomed; });
    for (std::uint64_t i = doomed; i < where_.size(); i += 3) {
      if (where_[i] != oracle_.end()) oracle_.erase(where_[i]);
      where_[i] = oracle_.end();
    }
    swept_ = true;
  }

  void check() {
    ASSERT_EQ(wheel_->size(), oracle_.size());
    const std::int64_t next = oracle_.empty() ? INT64_MAX : oracle_.begin()->first;
    if (swept_)
      ASSERT_LE(wheel_->next_deadline(), next);
    else
      ASSERT_EQ(wheel_->next_deadline(), next);
  }

  std::mt19937_64 random_;
  std::int64_t now_;
  const bool sweeps_;
  bool swept_ = false;
  lent_wheel wheel_;
  timers oracle_;
  std::vector<timers::iterator> where_;
};

constexpr int worlds = 40;

// Starts where time may stand when a machine has just booted, has run for long, or forever, and on
// both sides of borders between levels.
std::int64_t start_of(int world) {
  const std::int64_t starts[] = {0,
                                 1'000'000'000,
                                 year_ns,
                                 50 * year_ns,
                                 (std::int64_t{1} << 46) - 1,
                                 std::int64_t{1} << 38,
                                 (std::int64_t{1} << 54) - 1,
                                 90 * year_ns};
  return starts[world % 8];
}

void run(bool sweeps) {
  const std::int64_t operations = scaled(1'000'000) / worlds + 1;
  for (int w = 0; w < worlds; ++w) {
    world beside(static_cast<std::uint64_t>(w), start_of(w), sweeps);
    for (std::int64_t i = 0; i < operations; ++i) {
      beside.act();
      ASSERT_FALSE(::testing::Test::HasFailure()) << "world " << w << ", operation " << i;
    }
    beside.finish();
  }
}

TEST(wheel_beside_an_oracle, fires_each_timer_in_time_and_knows_the_next) { run(false); }

TEST(wheel_beside_an_oracle, fires_what_was_not_swept) { run(true); }

}  // namespace
