// The futex: every wait here loops on its own condition, as callers must, so that a spurious return
// proves nothing and fails nothing.
#include <cstdint>
#include <gtest/gtest.h>
#include <thread>
#include <vector>

#include <dwell/base/atomic.hpp>
#include <dwell/os/clock.hpp>
#include <dwell/os/futex.hpp>

#include "support/scale.hpp"
#include "support/watchdog.hpp"

namespace {

namespace base = dwell::base;
using dwell::os::futex_wait;
using dwell::os::futex_wait_until;
using dwell::os::futex_wake;
using dwell::os::now_ns;
using dwell_test::scaled;
using dwell_test::watchdog;

using word = base::atomic<std::uint32_t>;

TEST(futex, does_not_wait_while_the_word_holds_something_else) {
  word w{1};
  futex_wait(w, 0);
  EXPECT_TRUE(futex_wait_until(w, 0, dwell::os::never_ns));
}

TEST(futex, wait_ends_by_a_wake_that_follows_the_change) {
  const watchdog alarm("a wake");
  word w{0};
  std::thread waker([&] {
    w.store(1, base::release);
    futex_wake(w, 1);
  });
  while (w.load(base::acquire) == 0) futex_wait(w, 0);
  waker.join();
}

TEST(futex, wake_reaches_as_many_waiters_as_it_says) {
  const watchdog alarm("four wakes");
  word w{0};
  std::vector<std::thread> waiters;
  for (int i = 0; i < 4; ++i)
    waiters.emplace_back([&] {
      while (w.load(base::acquire) == 0) futex_wait(w, 0);
    });
  w.store(1, base::release);
  futex_wake(w, 4);
  for (std::thread& t : waiters) t.join();
}

TEST(futex, timed_wait_never_expires_early) {
  word w{0};
  for (std::int64_t delay : {0, 1, 1'000, 50'000, 1'000'000, 20'000'000}) {
    const std::int64_t deadline = now_ns() + delay;
    while (futex_wait_until(w, 0, deadline)) {
    }
    EXPECT_GE(now_ns(), deadline) << delay;
  }
}

TEST(futex, timed_wait_until_a_time_that_has_passed_expires_at_once) {
  word w{0};
  EXPECT_FALSE(futex_wait_until(w, 0, now_ns() - 1));
  EXPECT_FALSE(futex_wait_until(w, 0, 1));
  EXPECT_FALSE(futex_wait_until(w, 0, 0));
}

TEST(futex, timed_wait_until_the_end_of_time_still_hears_a_wake) {
  const watchdog alarm("a wake of a timed wait");
  word w{0};
  std::thread waker([&] {
    w.store(1, base::release);
    futex_wake(w, 1);
  });
  while (w.load(base::acquire) == 0) EXPECT_TRUE(futex_wait_until(w, 0, dwell::os::never_ns));
  waker.join();
}

// Two threads that take turns: a wake lost once would leave both asleep.
TEST(futex, no_wake_is_lost_in_a_long_exchange) {
  const watchdog alarm("taking turns by futex");
  const std::uint32_t turns = static_cast<std::uint32_t>(scaled(40'000));
  word turn{0};
  const auto play = [&](std::uint32_t parity) {
    for (std::uint32_t mine = parity; mine < turns; mine += 2) {
      for (std::uint32_t seen; (seen = turn.load(base::acquire)) != mine;) futex_wait(turn, seen);
      turn.store(mine + 1, base::release);
      futex_wake(turn, 1);
    }
  };
  std::thread other(play, 1);
  play(0);
  other.join();
  EXPECT_EQ(turn.load(base::relaxed), turns);
}

}  // namespace
