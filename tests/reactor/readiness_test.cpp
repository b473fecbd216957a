// The readiness word and the table of sockets, step by step; how the steps of several threads mix
// is the models' business.
#include <cstdint>
#include <gtest/gtest.h>
#include <set>
#include <thread>
#include <vector>

#include <dwell/reactor/readiness.hpp>
#include <dwell/reactor/socket_table.hpp>

#include "reactor/recorder.hpp"
#include "support/scale.hpp"

namespace {

using dwell::reactor::readiness;
using dwell::reactor::socket_slot;
using dwell::reactor::socket_table;
using dwell_test::sleepers;

TEST(readiness, wakes_whoever_waits) {
  sleepers chains(1);
  readiness r;
  EXPECT_TRUE(r.arm(chains[0]));
  EXPECT_TRUE(r.has_waiter());
  EXPECT_EQ(r.announce(), &chains[0]);
  EXPECT_FALSE(r.has_waiter());
}

TEST(readiness, remembers_what_was_announced_before_anybody_waited) {
  sleepers chains(1);
  readiness r;
  EXPECT_EQ(r.announce(), nullptr);
  EXPECT_EQ(r.announce(), nullptr);
  EXPECT_FALSE(r.arm(chains[0])) << "try the call again";
  EXPECT_TRUE(r.arm(chains[0])) << "two announcements are one";
}

TEST(readiness, is_used_up_by_waking) {
  sleepers chains(1);
  readiness r;
  ASSERT_TRUE(r.arm(chains[0]));
  ASSERT_EQ(r.announce(), &chains[0]);
  EXPECT_TRUE(r.arm(chains[0])) << "whoever was woken has tried its call since";
}

TEST(readiness, is_consumed_once) {
  readiness r;
  EXPECT_FALSE(r.consume());
  EXPECT_EQ(r.announce(), nullptr);
  EXPECT_TRUE(r.consume());
  EXPECT_FALSE(r.consume());
}

TEST(readiness, forgets_a_waiter_only_while_it_waits) {
  sleepers chains(2);
  readiness r;
  ASSERT_TRUE(r.arm(chains[0]));
  EXPECT_FALSE(r.forget(chains[1]));
  EXPECT_TRUE(r.forget(chains[0]));
  EXPECT_EQ(r.announce(), nullptr) << "nobody waits";
  EXPECT_FALSE(r.forget(chains[0]));
}

TEST(readiness_death, one_direction_has_one_waiter) {
  sleepers chains(2);
  readiness r;
  ASSERT_TRUE(r.arm(chains[0]));
  EXPECT_DEATH((void)r.arm(chains[1]), "one task at a time reads from a socket");
}

TEST(socket_table, finds_each_socket_by_its_token) {
  socket_table table;
  std::vector<socket_slot*> slots;
  std::set<std::uint64_t> tokens;
  for (int i = 0; i < 5'000; ++i) {
    slots.push_back(&table.take());
    tokens.insert(slots.back()->token());
  }
  EXPECT_EQ(tokens.size(), slots.size());
  EXPECT_EQ(table.size(), 5'000);
  for (socket_slot* slot : slots) EXPECT_EQ(table.find(slot->token()), slot);
}

TEST(socket_table, does_not_find_the_predecessor_of_a_socket) {
  socket_table table;
  socket_slot& first = table.take();
  const std::uint64_t old_token = first.token();
  first.hung_up.store(true);
  EXPECT_EQ(first.read.announce(), nullptr);
  table.give_back(first);
  EXPECT_EQ(table.find(old_token), nullptr);
  socket_slot& second = table.take();
  ASSERT_EQ(&first, &second) << "the place is used again";
  EXPECT_EQ(table.find(old_token), nullptr);
  EXPECT_EQ(table.find(second.token()), &second);
  EXPECT_FALSE(second.hung_up.load());
  EXPECT_FALSE(second.read.consume());
}

TEST(socket_table, gives_each_slot_to_one_of_many_threads) {
  socket_table table;
  const auto rounds = dwell_test::scaled(100'000);
  const auto churn = [&] {
    for (std::int64_t i = 0; i < rounds; ++i) {
      socket_slot& mine = table.take();
      EXPECT_TRUE(mine.read.announce() == nullptr && mine.read.consume());
      table.give_back(mine);
    }
  };
  std::thread other(churn);
  churn();
  other.join();
  EXPECT_EQ(table.size(), 0);
}

}  // namespace
