// Workers stepped by hand: what a worker runs next.
#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <vector>

#include <dwell/scheduler/pool.hpp>
#include <dwell/task/task.hpp>

#include "scheduler/hand_driven.hpp"
#include "support/watchdog.hpp"

namespace {

using dwell::task;
using dwell::scheduler::tuning;
using dwell_test::hand_driven;
using dwell_test::turn;

using trace = std::vector<std::string>;

task<> say(trace& said, std::string what) {
  said.push_back(std::move(what));
  co_return;
}

task<> say_twice(trace& said, std::string what, turn& between) {
  said.push_back(what);
  co_await between;
  said.push_back(what + " again");
}

task<> give(turn& t) {
  t.give();
  co_return;
}

TEST(worker, has_nothing_to_do_at_first) {
  hand_driven world;
  EXPECT_FALSE(world.step());
  EXPECT_EQ(world.polls(), 0u);
}

TEST(worker, runs_one_piece_of_work_a_step) {
  hand_driven world;
  trace said;
  world.start_on(0, say(said, "a"));
  world.start_on(0, say(said, "b"));
  EXPECT_TRUE(world.step());
  EXPECT_EQ(said.size(), 1u);
  EXPECT_TRUE(world.step());
  EXPECT_EQ(said.size(), 2u);
  EXPECT_FALSE(world.step());
  EXPECT_EQ(world.polls(), 2u);
  EXPECT_TRUE(world.all_ended());
}

TEST(worker, runs_its_newest_work_first) {
  hand_driven world;
  trace said;
  for (const char* what : {"a", "b", "c"}) world.start_on(0, say(said, what));
  ASSERT_TRUE(world.exhaust());
  EXPECT_EQ(said, (trace{"c", "b", "a"}));
}

TEST(worker, runs_work_from_outside_in_order_and_after_its_own) {
  hand_driven world;
  trace said;
  world.start(say(said, "outside 1"));
  world.start(say(said, "outside 2"));
  world.start_on(0, say(said, "own"));
  ASSERT_TRUE(world.exhaust());
  EXPECT_EQ(said, (trace{"own", "outside 1", "outside 2"}));
  EXPECT_EQ(world.worker().counters().injected.get(), 2u);
}

TEST(worker, runs_a_woken_chain_straight_after_the_one_that_woke_it) {
  hand_driven world;
  trace said;
  turn t;
  world.start_on(0, say_twice(said, "sleeper", t));
  ASSERT_TRUE(world.exhaust());
  world.start_on(0, say(said, "other"));
  world.start_on(0, give(t));
  ASSERT_TRUE(world.exhaust());
  EXPECT_EQ(said, (trace{"sleeper", "sleeper again", "other"}));
  EXPECT_EQ(world.worker().counters().lifo_runs.get(), 1u);
}

TEST(worker, keeps_every_chain_that_one_chain_wakes) {
  hand_driven world;
  trace said;
  std::vector<turn> turns(10);
  for (turn& t : turns) world.start_on(0, say_twice(said, "sleeper", t));
  ASSERT_TRUE(world.exhaust());
  {
    const dwell_test::acting_as self(world.worker());
    for (turn& t : turns) t.give();
  }
  EXPECT_TRUE(world.worker().has_more());
  ASSERT_TRUE(world.exhaust());
  EXPECT_EQ(said.size(), 20u);
  EXPECT_TRUE(world.all_ended());
}

// ---- The LIFO cap ----

struct duel {
  turn ping;
  turn pong;
  bool over = false;
  int turns = 0;
};

task<> play(duel& d, turn& mine, turn& other) {
  while (!d.over) {
    ++d.turns;
    other.give();
    co_await mine;
  }
  other.give();
}

task<> end(duel& d) {
  d.over = true;
  co_return;
}

class lifo_cap : public ::testing::TestWithParam<std::uint32_t> {};

// Two chains wake each other for ever; a third waits in the deque. Nothing but the cap lets it run.
TEST_P(lifo_cap, is_how_often_in_a_row_the_slot_goes_before_the_deque) {
  hand_driven world(1, {.lifo_cap = GetParam(), .fairness_interval = 1'000'000});
  duel d;
  world.start_on(0, play(d, d.ping, d.pong));
  ASSERT_TRUE(world.step());  // waits for its turn
  world.start_on(0, end(d));
  world.start_on(0, play(d, d.pong, d.ping));
  ASSERT_TRUE(world.step());  // gives it, and waits in turn
  const std::uint64_t before = world.polls();
  for (std::uint32_t i = 0; i < 10'000 && !d.over; ++i) ASSERT_TRUE(world.step());
  EXPECT_TRUE(d.over);
  EXPECT_EQ(world.polls() - before, GetParam() + 1u);
  ASSERT_TRUE(world.exhaust());
  EXPECT_TRUE(world.all_ended());
}

INSTANTIATE_TEST_SUITE_P(caps, lifo_cap, ::testing::Values(0, 1, 3, 10, 1000));

// ---- Stealing ----

// Moving a tiny task costs more than running it, and nobody knows yet how large these are.
TEST(worker, steals_a_few_of_what_another_has_at_first) {
  hand_driven world(2);
  trace said;
  for (int i = 0; i < 100; ++i) world.start_on(0, say(said, "x"));
  {
    const dwell_test::acting_as self(world.worker(1));
    const dwell::core::work found = world.worker(1).search();
    ASSERT_TRUE(found);
    world.worker(1).run(found);
  }
  EXPECT_EQ(world.worker(1).counters().steals.get(), 1u);
  EXPECT_EQ(world.worker(1).counters().stolen.get(), 16u);
  EXPECT_EQ(world.worker(0).queue().size_hint(), 84);
  ASSERT_TRUE(world.exhaust(1));
  EXPECT_EQ(world.polls(1), 16u);
  ASSERT_TRUE(world.exhaust(0));
  EXPECT_EQ(said.size(), 100u);
  EXPECT_TRUE(world.all_ended());
}

TEST(worker, goes_on_with_the_oldest_of_what_it_stole) {
  hand_driven world(2);
  trace said;
  for (int i = 0; i < 100; ++i) world.start_on(0, say(said, std::to_string(i)));
  {
    const dwell_test::acting_as self(world.worker(1));
    world.worker(1).run(world.worker(1).search());
  }
  for (int i = 0; i < 4; ++i) world.step(1);
  EXPECT_EQ(said, (trace{"0", "1", "2", "3", "4"}));
  ASSERT_TRUE(world.exhaust(1));
  ASSERT_TRUE(world.exhaust(0));
}

TEST(worker, finds_nothing_when_it_searches_among_idle_ones) {
  hand_driven world(4);
  const dwell_test::acting_as self(world.worker(2));
  EXPECT_FALSE(world.worker(2).search());
}

TEST(worker, finds_work_from_outside_when_it_searches) {
  hand_driven world(2);
  trace said;
  world.start(say(said, "outside"));
  const dwell_test::acting_as self(world.worker(1));
  world.worker(1).run(world.worker(1).search());
  EXPECT_EQ(said, trace{"outside"});
}

// ---- The whole pool ----

TEST(pool, driven_by_hand_finishes_a_tree_of_chains_on_any_worker) {
  hand_driven world(3);
  int leaves = 0;
  const auto grow = [&](auto& self, int depth) -> task<> {
    if (depth == 0) {
      ++leaves;
      co_return;
    }
    world.start(self(self, depth - 1));
    world.start(self(self, depth - 1));
  };
  world.start(grow(grow, 10));
  for (bool busy = true; busy;) {
    busy = false;
    for (std::uint32_t w = 0; w < 3; ++w) {
      const dwell_test::acting_as self(world.worker(w));
      if (world.worker(w).step()) {
        busy = true;
      } else if (const dwell::core::work found = world.worker(w).search()) {
        world.worker(w).run(found);
        busy = true;
      }
    }
  }
  EXPECT_EQ(leaves, 1024);
  EXPECT_TRUE(world.all_ended());
  for (std::uint32_t w = 0; w < 3; ++w) EXPECT_GT(world.polls(w), 0u) << w;
}

}  // namespace
