// A gather inside a scope that is cancelled: the cancellation reaches every child at every depth,
// and nothing that was complete is lost.
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/for_ever.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::gather;
using dwell::task;
using dwell_test::counts;
using dwell_test::scaled;
using dwell_test::sleeps_for_ever;
using namespace std::chrono_literals;

class a_cancelled_gather : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a cancelled gather"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_cancelled_gather, dwell_test::each_worker_count());

// Awaits `body` beside a sibling that fails once `ready` says so, and swallows that failure.
template <class Ready>
task<> cancel_when(Ready ready, task<> body) {
  const auto fails = [&]() -> task<> {
    while (!ready()) co_await dwell::yield_now();
    throw std::runtime_error("cancels the others");
  };
  auto children = gather(std::move(body), fails());
  try {
    co_await std::move(children);
  } catch (const std::runtime_error&) {
  }
}

task<> tree_of_sleepers(int depth, int width, counts& c) {
  if (depth == 0) {
    co_await sleeps_for_ever(c);
    co_return;
  }
  std::vector<task<>> branches;
  for (int i = 0; i < width; ++i) branches.push_back(tree_of_sleepers(depth - 1, width, c));
  auto children = gather(std::move(branches));
  co_await std::move(children);
}

TEST_P(a_cancelled_gather, cancels_its_children) {
  counts c;
  const auto ready = [&] { return c.started == 10; };
  dwell::run(cancel_when(ready, tree_of_sleepers(1, 10, c)), pool());
  EXPECT_EQ(c.cancelled, 10);
}

TEST_P(a_cancelled_gather, cancels_through_two_levels) {
  counts c;
  const auto ready = [&] { return c.started == 25; };
  dwell::run(cancel_when(ready, tree_of_sleepers(2, 5, c)), pool());
  EXPECT_EQ(c.cancelled, 25);
}

TEST_P(a_cancelled_gather, cancels_through_many_levels) {
  counts c;
  const auto ready = [&] { return c.started == 256; };
  dwell::run(cancel_when(ready, tree_of_sleepers(8, 2, c)), pool());
  EXPECT_EQ(c.cancelled, 256);
}

TEST_P(a_cancelled_gather, that_sleeps_a_hundred_thousand_deep_ends_without_recursion) {
  counts c;
  const auto ready = [&] { return c.started == 1; };
  const int depth = static_cast<int>(scaled(100'000));
  dwell::run(cancel_when(ready, tree_of_sleepers(depth, 1, c)), pool());
  EXPECT_EQ(c.cancelled, 1);
}

TEST_P(a_cancelled_gather, can_be_cancelled_while_its_children_start) {
  // Nobody waits for the children to sleep: some have not started, some run, some are asleep.
  counts c;
  const auto at_once = [] { return true; };
  dwell::runtime rt(pool());
  for (std::int64_t i = 0; i < scaled(300); ++i)
    rt.run(cancel_when(at_once, tree_of_sleepers(3, 4, c)));
  EXPECT_EQ(c.cancelled, c.started);
}

TEST_P(a_cancelled_gather, throws_cancelled_to_its_parent) {
  counts c;
  bool seen = false;
  const auto parent = [&]() -> task<> {
    auto children = gather(sleeps_for_ever(c), sleeps_for_ever(c));
    try {
      co_await std::move(children);
    } catch (const dwell::cancelled&) {
      seen = true;
      throw;
    }
  };
  const auto ready = [&] { return c.started == 2; };
  dwell::run(cancel_when(ready, parent()), pool());
  EXPECT_TRUE(seen);
}

TEST_P(a_cancelled_gather, leaves_a_scope_beside_it_alone) {
  // Two scopes below one parent: only the one with the failing sibling is cancelled.
  counts c;
  std::string log;
  const auto outlives = [&]() -> task<> {
    while (c.cancelled < 4) co_await dwell::sleep_for(100us);
    log = "undisturbed";
  };
  const auto ready = [&] { return c.started == 4; };
  const auto both = [&]() -> task<> {
    auto children = gather(outlives(), cancel_when(ready, tree_of_sleepers(2, 2, c)));
    co_await std::move(children);
  };
  dwell::run(both(), pool());
  EXPECT_EQ(log, "undisturbed");
}

TEST_P(a_cancelled_gather, gives_its_results_when_all_children_ended_before) {
  // The parent is cancelled while the last child runs, and no child noticed: nothing is lost.
  std::atomic<bool> cancelled{false};
  int sum = 0;
  const auto number = [](int n) -> task<int> { co_return n; };
  const auto unaware = [&]() -> task<int> {
    while (!cancelled) {
      try {
        co_await dwell::yield_now();
      } catch (const dwell::cancelled&) {
        cancelled = true;
      }
    }
    co_return 30;
  };
  const auto parent = [&]() -> task<> {
    auto children = gather(number(1), number(2), unaware());
    auto results = co_await std::move(children);
    auto& [a, b, third] = results;
    sum = a + b + third;
  };
  dwell::run(cancel_when([] { return true; }, parent()), pool());
  // Either the gather began before the cancel, and is whole; or it never began.
  EXPECT_TRUE(sum == 33 || sum == 0) << sum;
}

TEST_P(a_cancelled_gather, runs_no_child_when_the_scope_was_cancelled_before) {
  bool ran = false;
  bool refused = false;
  counts c;
  const auto child = [&]() -> task<> {
    ran = true;
    co_return;
  };
  const auto parent = [&]() -> task<> {
    try {
      co_await sleeps_for_ever(c);
    } catch (const dwell::cancelled&) {
    }
    auto children = gather(child(), child());
    try {
      co_await std::move(children);
    } catch (const dwell::cancelled&) {
      refused = true;
    }
  };
  dwell::run(cancel_when([&] { return c.started == 1; }, parent()), pool());
  EXPECT_TRUE(refused);
  EXPECT_FALSE(ran);
}

TEST_P(a_cancelled_gather, of_no_children_gives_nothing_all_the_same) {
  bool whole = false;
  counts c;
  const auto parent = [&]() -> task<> {
    try {
      co_await sleeps_for_ever(c);
    } catch (const dwell::cancelled&) {
    }
    auto children = gather();
    co_await std::move(children);
    whole = true;
  };
  dwell::run(cancel_when([&] { return c.started == 1; }, parent()), pool());
  EXPECT_TRUE(whole);
}

}  // namespace
