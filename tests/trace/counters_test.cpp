// Counters with one writer and any number of readers.
#include <gtest/gtest.h>
#include <thread>

#include <dwell/trace/counters.hpp>

#include "support/scale.hpp"

namespace {

using dwell::trace::balance;
using dwell::trace::counter;

TEST(counter, starts_at_zero_and_adds_up) {
  counter c;
  EXPECT_EQ(c.get(), 0U);
  c.add();
  c.add(41);
  EXPECT_EQ(c.get(), 42U);
}

TEST(balance, goes_below_zero_and_back) {
  balance b;
  b.add(-3);
  EXPECT_EQ(b.get(), -3);
  b.add(+5);
  EXPECT_EQ(b.get(), 2);
}

TEST(counter, never_goes_back_for_a_reader_on_another_thread) {
  counter c;
  const auto most = static_cast<std::uint64_t>(dwell_test::scaled(1'000'000));
  std::thread writer([&] {
    for (std::uint64_t i = 0; i < most; ++i) c.add();
  });
  std::uint64_t seen = 0;
  bool forwards = true;
  while (seen < most) {
    const std::uint64_t now = c.get();
    forwards = forwards && now >= seen;
    seen = now;
  }
  writer.join();
  EXPECT_TRUE(forwards);
  EXPECT_EQ(c.get(), most);
}

TEST(worker_counters, are_separate) {
  dwell::trace::worker_counters counters;
  counters.polls.add(2);
  counters.parks.add();
  EXPECT_EQ(counters.polls.get(), 2U);
  EXPECT_EQ(counters.parks.get(), 1U);
  EXPECT_EQ(counters.steals.get() + counters.stolen.get() + counters.lifo_runs.get() +
                counters.injected.get() + counters.wakeups.get(),
            0U);
}

}  // namespace
