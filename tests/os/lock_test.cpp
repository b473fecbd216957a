// The four-byte mutex.
#include <cstdint>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

#include <dwell/os/lock.hpp>

#include "support/scale.hpp"
#include "support/watchdog.hpp"

namespace {

using dwell::os::lock;
using dwell::os::lock_guard;
using dwell_test::scaled;
using dwell_test::watchdog;

TEST(lock, is_four_bytes) { EXPECT_EQ(sizeof(lock), 4u); }

TEST(lock, try_lock_fails_while_it_is_held_and_succeeds_afterwards) {
  lock l;
  {
    const lock_guard held(l);
    EXPECT_FALSE(l.try_lock());
  }
  EXPECT_TRUE(l.try_lock());
  l.release();
}

TEST(lock, lets_one_thread_in_at_a_time) {
  const int rounds = static_cast<int>(scaled(500'000));
  lock l;
  std::int64_t count = 0;  // plain: a second thread inside would lose increments
  bool inside = false;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < rounds; ++i) {
        const lock_guard alone(l);
        EXPECT_FALSE(inside);
        inside = true;
        ++count;
        inside = false;
      }
    });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(count, 4 * std::int64_t{rounds});
}

TEST(lock, tried_by_many_lets_one_in) {
  const int rounds = static_cast<int>(scaled(200'000));
  lock l;
  std::int64_t count = 0;
  std::vector<std::int64_t> entered(4);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      std::int64_t mine = 0;
      for (int i = 0; i < rounds; ++i) {
        if (!l.try_lock()) continue;
        ++count;
        ++mine;
        l.release();
      }
      entered[t] = mine;
    });
  for (std::thread& t : threads) t.join();
  std::int64_t total = 0;
  for (const std::int64_t mine : entered) total += mine;
  EXPECT_EQ(count, total);
  EXPECT_GT(total, 0);
}

// The holder leaves its processor while others wait: they sleep in the kernel, and each is woken.
TEST(lock, wakes_those_who_had_to_sleep_for_it) {
  const watchdog alarm("waiting for a lock");
  const int rounds = static_cast<int>(scaled(2'000));
  lock l;
  int count = 0;
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < rounds; ++i) {
        const lock_guard alone(l);
        ++count;
        std::this_thread::yield();
      }
    });
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(count, 4 * rounds);
}

}  // namespace
