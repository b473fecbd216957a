// Exceptions at every point of a gather: whichever child fails, wherever it does, and whatever its
// siblings do meanwhile, the parent gets that error and nothing is left.
#include <chrono>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/tracked.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::gather;
using dwell::task;
using dwell_test::tracked;
using namespace std::chrono_literals;

class the_points_of_a_gather : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"exceptions at each point of a gather"};
};
INSTANTIATE_TEST_SUITE_P(workers, the_points_of_a_gather, dwell_test::each_worker_count());

enum class failing { at_once, after_a_yield, after_a_sleep, in_its_result, below, in_a_grandchild };
constexpr failing points[] = {failing::at_once,       failing::after_a_yield,
                              failing::after_a_sleep, failing::in_its_result,
                              failing::below,         failing::in_a_grandchild};

enum class sibling { ends, yields, sleeps, sleeps_for_ever, never_gives_up };
constexpr sibling siblings[] = {sibling::ends, sibling::yields, sibling::sleeps,
                                sibling::sleeps_for_ever, sibling::never_gives_up};

struct planned_error : std::runtime_error {
  planned_error() : runtime_error("planned") {}
};

// A result that can refuse to come into being.
struct result {
  explicit result(bool refuses) {
    if (refuses) throw planned_error();
  }
  tracked content{1};
};

task<result> fails_below() {
  co_await dwell::sleep_for(1us);
  throw planned_error();
  co_return result(false);
}

task<result> fails(failing where) {
  const tracked local(2);
  switch (where) {
    case failing::at_once:
      throw planned_error();
    case failing::after_a_yield:
      co_await dwell::yield_now();
      throw planned_error();
    case failing::after_a_sleep:
      co_await dwell::sleep_for(10us);
      throw planned_error();
    case failing::in_its_result:
      co_return true;
    case failing::below:
      co_return co_await fails_below();
    case failing::in_a_grandchild: {
      auto children = gather(fails_below(), fails_below());
      co_await std::move(children);
    }
  }
  co_return false;
}

task<> sleeps_in_spite_of_all(int times) {
  for (int i = 0; i < times; ++i) {
    try {
      co_await dwell::sleep_for(1h);
    } catch (const dwell::cancelled&) {
    }
  }
}

task<result> accompanies(sibling how) {
  const tracked local(3);
  switch (how) {
    case sibling::ends:
      break;
    case sibling::yields:
      for (int i = 0; i < 3; ++i) co_await dwell::yield_now();
      break;
    case sibling::sleeps:
      co_await dwell::sleep_for(15us);
      break;
    case sibling::sleeps_for_ever:
      co_await dwell::sleep_for(1h);
      break;
    case sibling::never_gives_up:
      co_await sleeps_in_spite_of_all(3);
  }
  co_return false;
}

task<bool> gather_rethrows(std::vector<task<result>> tasks) {
  auto children = gather(std::move(tasks));
  try {
    co_await std::move(children);
  } catch (const planned_error&) {
    co_return true;
  }
  co_return false;
}

TEST_P(the_points_of_a_gather, each_bring_the_one_error_to_the_parent) {
  dwell::runtime rt(pool());
  for (std::size_t count = 1; count <= 4; ++count) {
    for (std::size_t culprit = 0; culprit < count; ++culprit) {
      for (const failing where : points) {
        for (const sibling how : siblings) {
          std::vector<task<result>> tasks;
          for (std::size_t i = 0; i < count; ++i)
            tasks.push_back(i == culprit ? fails(where) : accompanies(how));
          ASSERT_TRUE(rt.run(gather_rethrows(std::move(tasks))))
              << "child " << culprit << " of " << count << ", point " << static_cast<int>(where)
              << ", siblings " << static_cast<int>(how);
        }
      }
    }
  }
  EXPECT_EQ(tracked::alive(), 0);
}

TEST_P(the_points_of_a_gather, may_be_met_by_several_children_at_once) {
  dwell::runtime rt(pool());
  for (const failing first : points) {
    for (const failing second : points) {
      std::vector<task<result>> tasks;
      for (int i = 0; i < 5; ++i) {
        tasks.push_back(fails(first));
        tasks.push_back(accompanies(sibling::sleeps));
        tasks.push_back(fails(second));
      }
      ASSERT_TRUE(rt.run(gather_rethrows(std::move(tasks))))
          << static_cast<int>(first) << ", " << static_cast<int>(second);
    }
  }
  EXPECT_EQ(tracked::alive(), 0);
}

// Fails in its own time, with children that sleep for ever around it at every level.
task<result> fails_deep(int depth, failing where) {
  if (depth == 0) co_return co_await fails(where);
  std::vector<task<result>> tasks;
  tasks.push_back(accompanies(sibling::sleeps_for_ever));
  tasks.push_back(fails_deep(depth - 1, where));
  tasks.push_back(accompanies(sibling::ends));
  auto children = gather(std::move(tasks));
  co_await std::move(children);
  co_return false;
}

TEST_P(the_points_of_a_gather, may_lie_five_gathers_deep) {
  dwell::runtime rt(pool());
  for (const failing where : points) {
    std::vector<task<result>> tasks;
    for (int i = 0; i < 3; ++i) tasks.push_back(fails_deep(5, where));
    ASSERT_TRUE(rt.run(gather_rethrows(std::move(tasks)))) << static_cast<int>(where);
  }
  EXPECT_EQ(tracked::alive(), 0);
}

}  // namespace
