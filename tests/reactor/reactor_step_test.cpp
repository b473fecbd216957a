// The reactor stepped by hand, in virtual time: no thread, no clock, no waiting.
#include <algorithm>
#include <cstdint>
#include <gtest/gtest.h>
#include <random>
#include <set>
#include <vector>

#include <dwell/reactor/reactor.hpp>

#include "reactor/recorder.hpp"
#include "support/scale.hpp"

namespace {

using dwell::core::wake_batch;
using dwell::reactor::timer_ticket;
using dwell_test::recorder;
using dwell_test::scaled;
using dwell_test::sleepers;

constexpr std::int64_t hour_ns = 3'600'000'000'000;
constexpr std::size_t batch_count = 256;  // how many batches a reactor has

struct stepped {
  explicit stepped(std::uint32_t workers = 1, dwell::reactor::reactor_tuning tuning = {})
      : reactor(woken, workers, 0, tuning) {}

  timer_ticket arm(dwell::core::frame_header& root, std::int64_t deadline_ns,
                   std::uint32_t worker = 0) {
    reactor.port(worker).reserve();
    return reactor.port(worker).arm(root, deadline_ns);
  }

  recorder woken;
  dwell::reactor::reactor reactor;
};

TEST(reactor_step, with_nothing_to_do_need_never_be_repeated) {
  stepped s;
  EXPECT_EQ(s.reactor.step(0), INT64_MAX);
  EXPECT_EQ(s.reactor.step(hour_ns), INT64_MAX);
  EXPECT_EQ(s.reactor.pending_timers(), 0);
}

TEST(reactor_step, fires_at_the_deadline_and_says_when_that_is) {
  stepped s;
  sleepers all(1);
  (void)s.arm(all[0], hour_ns);
  EXPECT_EQ(s.reactor.pending_timers(), 1);
  EXPECT_EQ(s.reactor.step(0), hour_ns);
  EXPECT_EQ(s.reactor.step(hour_ns - 1), hour_ns);
  EXPECT_TRUE(s.woken.take_woken().empty());
  EXPECT_EQ(s.reactor.step(hour_ns), INT64_MAX);
  EXPECT_EQ(s.woken.take_woken(), recorder::roots{&all[0]});
  EXPECT_EQ(s.reactor.pending_timers(), 0);
  EXPECT_EQ(s.reactor.counters().fired.get(), 1u);
}

TEST(reactor_step, fires_what_was_due_before_it_was_armed) {
  stepped s;
  sleepers all(1);
  (void)s.arm(all[0], 1);
  (void)s.reactor.step(hour_ns);
  EXPECT_EQ(s.woken.take_woken().size(), 1u);
}

TEST(reactor_step, sends_batches_no_larger_than_it_was_told) {
  stepped s(1, {.batch = 3});
  sleepers all(10);
  for (std::size_t i = 0; i < all.size(); ++i) (void)s.arm(all[i], 1);
  (void)s.reactor.step(hour_ns);
  EXPECT_EQ(s.woken.take_woken().size(), all.size());
  EXPECT_EQ(s.reactor.counters().batches.get(), 4u);
}

TEST(reactor_step, wakes_in_the_order_of_deadlines_that_lie_a_tick_apart) {
  stepped s(3);
  sleepers all(300);
  std::vector<std::size_t> order(all.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::shuffle(order.begin(), order.end(), std::mt19937(1));
  for (const std::size_t i : order)
    (void)s.arm(all[i], static_cast<std::int64_t>(i + 1) * 20'000, static_cast<unsigned>(i % 3));
  (void)s.reactor.step(hour_ns);
  const recorder::roots woken = s.woken.take_woken();
  ASSERT_EQ(woken.size(), all.size());
  for (std::size_t i = 0; i < all.size(); ++i) EXPECT_EQ(woken[i], &all[i]);
}

TEST(reactor_step, fills_batches_and_sends_the_rest) {
  stepped s;
  sleepers all(wake_batch::capacity * 3 + 5);
  for (std::size_t i = 0; i < all.size(); ++i) (void)s.arm(all[i], 1);
  (void)s.reactor.step(1);
  EXPECT_EQ(s.woken.batches(), 4u);
  EXPECT_EQ(s.woken.take_woken().size(), all.size());
  EXPECT_EQ(s.reactor.counters().batches.get(), 4u);
}

// ---- Cancelling ----

TEST(reactor_step, never_wakes_a_cancelled_sleeper) {
  stepped s;
  sleepers all(2);
  const timer_ticket ticket = s.arm(all[0], hour_ns);
  (void)s.arm(all[1], hour_ns);
  (void)s.reactor.step(0);
  EXPECT_TRUE(s.reactor.cancel(0, ticket));
  EXPECT_EQ(s.reactor.pending_timers(), 1) << "a cancelled timer will wake nobody";
  EXPECT_FALSE(s.reactor.cancel(0, ticket));
  (void)s.reactor.step(hour_ns);
  EXPECT_EQ(s.woken.take_woken(), recorder::roots{&all[1]});
  EXPECT_EQ(s.reactor.pending_timers(), 0);
  EXPECT_EQ(s.reactor.counters().dropped.get(), 1u);
}

TEST(reactor_step, forgets_a_timer_that_was_cancelled_before_it_was_seen) {
  stepped s;
  sleepers all(1);
  EXPECT_TRUE(s.reactor.cancel(0, s.arm(all[0], 1)));
  (void)s.reactor.step(hour_ns);
  EXPECT_TRUE(s.woken.take_woken().empty());
  EXPECT_EQ(s.reactor.pending_timers(), 0);
}

TEST(reactor_step, refuses_to_cancel_what_has_fired_even_when_its_cell_is_used_again) {
  stepped s;
  sleepers all(2);
  const timer_ticket old = s.arm(all[0], 1);
  (void)s.reactor.step(1);
  EXPECT_FALSE(s.reactor.cancel(0, old));
  // Every cell of the chunk is taken, so the one that fired is used again.
  bool again = false;
  for (int i = 0; i < 4096; ++i) again |= s.arm(all[1], hour_ns).cell == old.cell;
  EXPECT_TRUE(again);
  EXPECT_FALSE(s.reactor.cancel(0, old));
  (void)s.reactor.step(hour_ns);
  EXPECT_EQ(s.woken.take_woken().size(), 4097u);
}

// ---- Memory ----

// A hundred thousand sleepers stay; beside them, timers are set and called off. The reactor is
// stepped now and then, as its thread would when it is kicked.
TEST(reactor_step, holds_no_more_than_twice_the_live_timers) {
  const std::int64_t rounds = scaled(1'000'000);
  constexpr std::uint32_t live = 100'000;
  constexpr std::uint32_t between_steps = 1'000;
  stepped s;
  sleepers all(1);
  for (std::uint32_t i = 0; i < live; ++i) (void)s.arm(all[0], INT64_MAX / 2);
  std::uint32_t highest = 0;
  for (std::int64_t i = 0; i < rounds; ++i) {
    const timer_ticket ticket = s.arm(all[0], INT64_MAX / 4 + i);
    highest = std::max(highest, ticket.cell);
    ASSERT_TRUE(s.reactor.cancel(0, ticket));
    if (i % between_steps == 0) (void)s.reactor.step(i);
  }
  const std::uint32_t most = 2 * live + between_steps + dwell::reactor::cells_per_chunk;
  EXPECT_LT(highest, most);
  const bool swept = s.reactor.counters().sweeps.get() > 0;
  EXPECT_TRUE(swept || rounds < 2 * std::int64_t{live});
  EXPECT_EQ(s.reactor.pending_timers(), live);
}

TEST(reactor_step, needs_one_chunk_of_cells_for_a_few_timers_for_ever) {
  const std::int64_t rounds = scaled(300'000);
  stepped s;
  sleepers all(1);
  for (std::int64_t i = 0; i < rounds; ++i) {
    ASSERT_LT(s.arm(all[0], i).cell, dwell::reactor::cells_per_chunk);
    if (i % 100 == 0) (void)s.reactor.step(i);
  }
  (void)s.reactor.step(rounds);
  EXPECT_EQ(s.woken.take_woken().size(), static_cast<std::size_t>(rounds));
}

// ---- All batches out ----

TEST(reactor_step, waits_with_what_is_due_until_a_batch_comes_back) {
  constexpr std::size_t fits = batch_count * wake_batch::capacity;
  stepped s;
  sleepers all(fits + 1'000);
  for (std::size_t i = 0; i < all.size(); ++i) (void)s.arm(all[i], 1);
  s.woken.keep_batches();
  const std::int64_t again = s.reactor.step(1);
  EXPECT_GT(again, 1);
  EXPECT_LT(again, 1'000'000) << "soon: there are timers due";
  EXPECT_EQ(s.woken.woken_count(), fits);
  EXPECT_EQ(s.reactor.pending_timers(), 1'000);
  (void)s.reactor.step(again);
  EXPECT_EQ(s.woken.woken_count(), fits) << "no batch has come back";
  s.woken.give_back(1);
  (void)s.reactor.step(again);
  EXPECT_EQ(s.woken.woken_count(), fits + wake_batch::capacity);
  s.woken.give_all_back();
  (void)s.reactor.step(again);
  const recorder::roots woken = s.woken.take_woken();
  EXPECT_EQ(woken.size(), all.size());
  EXPECT_EQ(std::set(woken.begin(), woken.end()).size(), all.size()) << "each once";
  EXPECT_EQ(s.reactor.pending_timers(), 0);
}

// ---- At random ----

// Every timer fires once or is cancelled, never early, whatever the steps.
TEST(reactor_step, wakes_each_sleeper_once_and_never_early) {
  const auto count = static_cast<std::size_t>(scaled(200'000));
  std::mt19937_64 random(5);
  stepped s(4);
  sleepers all(count);
  std::vector<std::int64_t> deadlines(count);
  std::vector<bool> expected(count, true);
  std::int64_t now = 0;
  std::size_t next = 0;
  std::size_t woken = 0;
  while (next < count || s.reactor.pending_timers() > 0) {
    for (std::uint64_t n = random() % 20; n > 0 && next < count; --n, ++next) {
      deadlines[next] = now + static_cast<std::int64_t>(random() % 100'000'000);
      const auto worker = static_cast<std::uint32_t>(random() % 4);
      const timer_ticket ticket = s.arm(all[next], deadlines[next], worker);
      if (random() % 4 == 0) expected[next] = !s.reactor.cancel(worker, ticket);
    }
    now += static_cast<std::int64_t>(random() % 300'000);
    (void)s.reactor.step(now);
    for (const dwell::core::frame_header* root : s.woken.take_woken()) {
      const std::size_t i = all.index_of(root);
      ASSERT_TRUE(expected[i]);
      ASSERT_LE(deadlines[i], now);
      expected[i] = false;
      ++woken;
    }
  }
  EXPECT_EQ(std::count(expected.begin(), expected.end(), true), 0);
  EXPECT_GT(woken, count / 2);
}

}  // namespace
