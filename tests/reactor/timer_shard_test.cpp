// A timer's cell: who wins when it fires and is cancelled at once, and which ticket it obeys.
#include <atomic>
#include <cstdint>
#include <gtest/gtest.h>
#include <set>
#include <thread>
#include <vector>

#include <dwell/base/atomic.hpp>
#include <dwell/reactor/timer_shard.hpp>

#include "reactor/recorder.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"

namespace {

using dwell::reactor::cells_per_chunk;
using dwell::reactor::timer_cell;
using dwell::reactor::timer_shard;
using dwell::reactor::timer_ticket;
using dwell::reactor::wheel;
using dwell_test::scaled;
using dwell_test::sleepers;
using dwell_test::watchdog;

TEST(timer_cell, fires_once) {
  sleepers all(1);
  timer_cell c;
  (void)c.arm(all[0], 5);
  EXPECT_EQ(c.deadline_ns(), 5);
  EXPECT_EQ(c.fire(), &all[0]);
  EXPECT_EQ(c.fire(), nullptr);
}

TEST(timer_cell, does_not_fire_once_it_was_cancelled) {
  sleepers all(1);
  timer_cell c;
  const std::uint32_t generation = c.arm(all[0], 5);
  EXPECT_FALSE(c.was_cancelled());
  EXPECT_TRUE(c.cancel(generation));
  EXPECT_TRUE(c.was_cancelled());
  EXPECT_EQ(c.fire(), nullptr);
  EXPECT_FALSE(c.cancel(generation)) << "it was cancelled already";
}

TEST(timer_cell, cannot_be_cancelled_once_it_has_fired) {
  sleepers all(1);
  timer_cell c;
  const std::uint32_t generation = c.arm(all[0], 5);
  EXPECT_EQ(c.fire(), &all[0]);
  EXPECT_FALSE(c.cancel(generation));
}

TEST(timer_cell, refuses_the_ticket_of_an_earlier_timer) {
  sleepers all(2);
  timer_cell c;
  std::set<std::uint32_t> old;
  for (int i = 0; i < 100; ++i) {
    const std::uint32_t generation = c.arm(all[0], i);
    EXPECT_TRUE(old.insert(generation).second) << "every use has a generation of its own";
    for (const std::uint32_t earlier : old) {
      if (earlier == generation) continue;
      EXPECT_FALSE(c.cancel(earlier));
    }
    EXPECT_EQ(c.fire(), &all[0]);
  }
  const std::uint32_t generation = c.arm(all[1], 0);
  for (const std::uint32_t earlier : old) EXPECT_FALSE(c.cancel(earlier));
  EXPECT_TRUE(c.cancel(generation));
}

/// Two threads meet before each round.
class start_line {
 public:
  void meet(std::int64_t round) noexcept {
    arrived_.fetch_add(1, std::memory_order_acq_rel);
    for (int spins = 0; arrived_.load(std::memory_order_acquire) < 2 * (round + 1); ++spins)
      spins < 200 ? dwell::base::cpu_pause() : std::this_thread::yield();
  }

 private:
  std::atomic<std::int64_t> arrived_{0};
};

// The same cell over and over: a canceller that is late meets the next timer in it.
TEST(timer_cell, fires_or_is_cancelled_and_never_both) {
  const watchdog alarm("a duel over a timer");
  const std::int64_t rounds = scaled(200'000);
  sleepers all(1);
  timer_cell c;
  start_line begin;
  start_line end;
  std::uint32_t generation = 0;
  bool cancelled = false;
  std::int64_t won_by_cancel = 0;
  std::thread canceller([&] {
    for (std::int64_t i = 0; i < rounds; ++i) {
      begin.meet(i);
      cancelled = c.cancel(generation);
      end.meet(i);
    }
  });
  std::int64_t wrong = 0;
  for (std::int64_t i = 0; i < rounds; ++i) {
    generation = c.arm(all[0], i);
    begin.meet(i);
    const bool fired = c.fire() != nullptr;
    end.meet(i);
    if (fired == cancelled) ++wrong;
    if (cancelled) ++won_by_cancel;
  }
  canceller.join();
  EXPECT_EQ(wrong, 0);
  RecordProperty("cancels_that_won_per_thousand", static_cast<int>(1000 * won_by_cancel / rounds));
}

// ---- The shard: one worker arms, one reactor takes ----

TEST(timer_shard, has_no_cell_until_it_is_given_a_chunk) {
  timer_shard shard;
  EXPECT_FALSE(shard.has_free_cell());
  shard.add_chunk();
  EXPECT_TRUE(shard.has_free_cell());
  EXPECT_TRUE(shard.inbox_empty());
  EXPECT_EQ(shard.pending(), 0);
}

TEST(timer_shard, gives_each_timer_a_cell_of_its_own) {
  timer_shard shard;
  sleepers all(1);
  std::set<std::uint32_t> cells;
  for (std::uint32_t i = 0; i < 3 * cells_per_chunk; ++i) {
    if (!shard.has_free_cell()) shard.add_chunk();
    EXPECT_TRUE(cells.insert(shard.arm(all[0], 1).cell).second);
  }
  EXPECT_EQ(shard.pending(), 3 * std::int64_t{cells_per_chunk});
  EXPECT_EQ(*cells.rbegin(), 3 * cells_per_chunk - 1);
}

TEST(timer_shard, moves_what_was_armed_into_the_wheel_with_its_tag) {
  timer_shard shard;
  wheel w(0);
  sleepers all(100);
  shard.add_chunk();
  for (std::size_t i = 0; i < all.size(); ++i)
    (void)shard.arm(all[i], static_cast<std::int64_t>(i) + 1);
  EXPECT_FALSE(shard.inbox_empty());
  constexpr std::uint64_t tag = std::uint64_t{7} << 32;
  shard.drain(w, tag);
  EXPECT_TRUE(shard.inbox_empty());
  EXPECT_EQ(w.size(), 100u);
  std::size_t fired = 0;
  w.expire(1'000, [&](const wheel::entry& e) {
    EXPECT_EQ(e.payload >> 32, 7u);
    const std::uint32_t cell = static_cast<std::uint32_t>(e.payload);
    EXPECT_EQ(shard.cell(cell).fire(), &all[static_cast<std::size_t>(e.deadline_ns - 1)]);
    ++fired;
    return true;
  });
  EXPECT_EQ(fired, 100u);
}

TEST(timer_shard, gets_its_cells_back_and_uses_them_again) {
  timer_shard shard;
  wheel w(0);
  sleepers all(1);
  shard.add_chunk();
  for (int round = 0; round < 10; ++round) {
    std::vector<timer_ticket> tickets;
    while (shard.has_free_cell()) tickets.push_back(shard.arm(all[0], 1));
    ASSERT_EQ(tickets.size(), cells_per_chunk) << "none is lost on the way";
    shard.drain(w, 0);
    w.remove_if([](std::uint64_t) { return true; });
    for (const timer_ticket& t : tickets) shard.free_cell(t.cell);
    EXPECT_EQ(shard.pending(), std::int64_t{cells_per_chunk});
    shard.return_freed();
    EXPECT_EQ(shard.pending(), 0);
  }
}

// A worker that grows its shard while the reactor drains it: cells, chunks and blocks arrive whole.
TEST(timer_shard, may_grow_while_it_is_drained) {
  const watchdog alarm("timers were lost between worker and reactor");
  const std::int64_t count = scaled(2'000'000);
  timer_shard shard;
  wheel w(0);
  sleepers all(1);
  std::thread worker([&] {
    for (std::int64_t i = 0; i < count; ++i) {
      if (!shard.has_free_cell()) shard.add_chunk();
      (void)shard.arm(all[0], i);
    }
  });
  std::vector<bool> seen(static_cast<std::size_t>(count));
  for (std::int64_t fired = 0; fired < count;) {
    shard.drain(w, 0);
    w.expire(count, [&](const wheel::entry& e) {
      EXPECT_FALSE(seen[static_cast<std::size_t>(e.deadline_ns)]);
      seen[static_cast<std::size_t>(e.deadline_ns)] = true;
      EXPECT_EQ(shard.cell(static_cast<std::uint32_t>(e.payload)).fire(), &all[0]);
      shard.free_cell(static_cast<std::uint32_t>(e.payload));
      ++fired;
      return true;
    });
    shard.return_freed();
  }
  worker.join();
  EXPECT_EQ(shard.pending(), 0);
}

}  // namespace
