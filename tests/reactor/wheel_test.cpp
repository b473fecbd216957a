// The wheel at its edges: borders of levels, the ends of time, room, being stopped.
#include <algorithm>
#include <cstdint>
#include <gtest/gtest.h>
#include <set>
#include <vector>

#include <dwell/reactor/wheel.hpp>

#include "reactor/lent_wheel.hpp"

namespace {

using dwell::reactor::wheel;
using dwell_test::lent_wheel;

constexpr std::int64_t tick_ns = std::int64_t{1} << 14;
constexpr std::int64_t year_ns = std::int64_t{365} * 86'400 * 1'000'000'000;

using payloads = std::vector<std::uint64_t>;

payloads expire(lent_wheel& w, std::int64_t now_ns) {
  payloads all;
  for (const wheel::entry& e : w.expire(now_ns)) all.push_back(e.payload);
  return all;
}

TEST(wheel, is_empty_at_first) {
  lent_wheel w(1'000);
  EXPECT_EQ(w->size(), 0u);
  EXPECT_EQ(w->next_deadline(), INT64_MAX);
  EXPECT_EQ(expire(w, INT64_MAX - 1), payloads{});
}

TEST(wheel, fires_at_the_deadline_and_not_a_nanosecond_before) {
  lent_wheel w(0);
  w.insert(1'000'000'007, 1);
  EXPECT_EQ(w->next_deadline(), 1'000'000'007);
  EXPECT_EQ(expire(w, 1'000'000'006), payloads{});
  EXPECT_EQ(w->size(), 1u);
  EXPECT_EQ(expire(w, 1'000'000'007), payloads{1});
  EXPECT_EQ(w->size(), 0u);
}

TEST(wheel, tells_deadlines_within_one_tick_apart) {
  lent_wheel w(0);
  for (std::int64_t ns = 0; ns < 100; ++ns) w.insert(5 * tick_ns + ns, static_cast<unsigned>(ns));
  for (std::int64_t ns = 0; ns < 100; ++ns) {
    ASSERT_EQ(w->next_deadline(), 5 * tick_ns + ns);
    ASSERT_EQ(expire(w, 5 * tick_ns + ns), payloads{static_cast<unsigned>(ns)});
  }
}

TEST(wheel, fires_in_the_order_of_ticks) {
  lent_wheel w(0);
  for (const std::int64_t tick : {70'000, 3, 300, 1, 2, 65'536, 255, 256, 257})
    w.insert(tick * tick_ns, static_cast<std::uint64_t>(tick));
  EXPECT_EQ(expire(w, 100'000 * tick_ns), (payloads{1, 2, 3, 255, 256, 257, 300, 65'536, 70'000}));
}

// ---- The borders of levels ----

std::vector<std::int64_t> deadlines_around_borders() {
  std::vector<std::int64_t> all;
  std::int64_t border = tick_ns;
  for (int level = 0; level < 7; ++level) {
    for (const std::int64_t shift :
         {-tick_ns, std::int64_t{-1}, std::int64_t{0}, std::int64_t{1}, tick_ns}) {
      all.push_back(border + shift);
      if (border <= INT64_MAX / 255 - tick_ns) all.push_back(255 * border + shift);
    }
    if (level < 6) border *= 256;
  }
  all.push_back(INT64_MAX - 1);
  std::sort(all.begin(), all.end());
  all.erase(std::unique(all.begin(), all.end()), all.end());
  return all;
}

// From every start the wheel finds every later deadline at its nanosecond.
TEST(wheel, finds_each_deadline_around_each_border_of_levels) {
  const std::vector<std::int64_t> all = deadlines_around_borders();
  for (const std::int64_t start : all) {
    lent_wheel w(start);
    std::size_t inserted = 0;
    for (const std::int64_t d : all)
      if (d > start) w.insert(d, ++inserted);
    std::uint64_t next = 0;
    for (const std::int64_t d : all) {
      if (d <= start) continue;
      ASSERT_EQ(w->next_deadline(), d) << "from " << start;
      ASSERT_EQ(expire(w, d - 1), payloads{}) << "from " << start;
      ASSERT_EQ(expire(w, d), payloads{++next}) << "from " << start;
    }
    ASSERT_EQ(w->size(), 0u);
  }
}

// The same in one leap over all of them.
TEST(wheel, finds_them_all_in_one_leap) {
  const std::vector<std::int64_t> all = deadlines_around_borders();
  lent_wheel w(0);
  std::multiset<std::uint64_t> expected;
  for (std::size_t i = 0; i < all.size(); ++i) {
    w.insert(all[i], i);
    expected.insert(i);
  }
  const payloads due = expire(w, INT64_MAX - 1);
  EXPECT_EQ(std::multiset<std::uint64_t>(due.begin(), due.end()), expected);
}

// ---- The ends of time ----

TEST(wheel, gives_what_is_past_at_the_next_look) {
  lent_wheel w(10 * year_ns);
  for (const std::int64_t past :
       {std::int64_t{0}, std::int64_t{1}, 10 * year_ns - 1, 10 * year_ns, std::int64_t{-5}})
    w.insert(past, 1);
  EXPECT_EQ(w->next_deadline(), -5);
  EXPECT_EQ(expire(w, 10 * year_ns).size(), 5u);
}

TEST(wheel, reaches_the_end_of_time) {
  for (const std::int64_t start : {std::int64_t{0}, year_ns, 200 * year_ns, INT64_MAX - 1}) {
    lent_wheel w(start);
    w.insert(INT64_MAX, 7);
    EXPECT_EQ(expire(w, INT64_MAX - 1), payloads{});
    EXPECT_EQ(expire(w, INT64_MAX), payloads{7});
    EXPECT_EQ(w->size(), 0u);
  }
}

TEST(wheel, lets_a_sink_insert_nothing_but_refuse_anything) {
  lent_wheel w(0);
  for (std::uint64_t i = 1; i <= 5; ++i) w.insert(static_cast<std::int64_t>(i) * tick_ns, i);
  for (std::uint64_t i = 1; i <= 5; ++i) {
    payloads seen;
    const bool done = w->expire(year_ns, [&](const wheel::entry& e) {
      seen.push_back(e.payload);
      return seen.size() < 2;
    });
    EXPECT_EQ(done, i == 5) << "the second was refused as long as there was one";
    EXPECT_EQ(seen.front(), i);
    EXPECT_EQ(w->size(), 5 - i);
  }
}

// ---- Sweeping ----

TEST(wheel, drops_what_is_dead_and_nothing_else) {
  lent_wheel w(0);
  std::set<std::uint64_t> alive;
  for (std::uint64_t i = 0; i < 10'000; ++i) {
    w.insert(static_cast<std::int64_t>(i * i * i * 1'000'003), i);
    if (i % 3 != 0) alive.insert(i);
  }
  w->remove_if([](std::uint64_t payload) { return payload % 3 == 0; });
  EXPECT_EQ(w->size(), alive.size());
  EXPECT_LE(w->next_deadline(), 1'000'003);
  const payloads due = expire(w, INT64_MAX);
  EXPECT_EQ(std::set<std::uint64_t>(due.begin(), due.end()), alive);
}

TEST(wheel, can_be_swept_empty_and_used_again) {
  lent_wheel w(0);
  for (int round = 0; round < 10; ++round) {
    for (std::uint64_t i = 0; i < 1'000; ++i)
      w.insert(static_cast<std::int64_t>(i) * 77'777'777, i);
    w->remove_if([](std::uint64_t) { return true; });
    EXPECT_EQ(w->size(), 0u);
    EXPECT_EQ(w->next_deadline(), INT64_MAX);
  }
}

// ---- Room: lent_wheel lends what was promised to be enough, exactly ----

// As many slots as there are, each with a block that is nearly empty, for every `filling`.
TEST(wheel, needs_no_more_room_than_lent_with_every_slot_partly_filled) {
  for (const std::uint64_t filling : {1u, 30u, 31u, 32u, 63u}) {
    lent_wheel w(0);
    for (std::uint64_t k = 0; k < filling; ++k) {
      std::int64_t width = tick_ns;
      for (int level = 0; level < 6; ++level, width *= 256)
        for (std::int64_t slot = 1; slot < 256; ++slot) w.insert(slot * width, 1);
    }
    const std::size_t size = w->size();
    w->remove_if([](std::uint64_t) { return false; });
    EXPECT_EQ(w->size(), size);
    std::size_t fired = 0;
    for (std::int64_t now = tick_ns; now < INT64_MAX / 3; now += now / 2)
      fired += w.expire(now).size();
    fired += w.expire(INT64_MAX).size();
    EXPECT_EQ(fired, size);
  }
}

// A full slot of the highest level spreads over every slot below it.
TEST(wheel, needs_no_more_room_than_lent_when_a_slot_moves_down) {
  lent_wheel w(0);
  const std::int64_t start = std::int64_t{1} << 54;  // a slot of level 5 begins here
  for (std::uint64_t i = 0; i < 31 * 512; ++i)
    w.insert(start + static_cast<std::int64_t>(i) * 2'300'000'000'007, i);
  const std::size_t size = w->size();
  std::size_t fired = 0;
  for (std::int64_t now = start - 1; fired < size; now += 1'000'000'000'000'000)
    fired += w.expire(now).size();
  EXPECT_EQ(fired, size);
}

}  // namespace
