// gather_settled: every child runs to its end, and each has an outcome.
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/scale.hpp"
#include "support/tracked.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::gather_settled;
using dwell::outcome;
using dwell::task;
using dwell_test::tracked;
using namespace std::chrono_literals;

class a_settled_gather : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a settled gather"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_settled_gather, dwell_test::each_worker_count());

template <class... Ts>
task<std::tuple<outcome<Ts>...>> settle(task<Ts>... tasks) {
  auto children = gather_settled(std::move(tasks)...);
  co_return co_await std::move(children);
}
template <class T>
task<std::vector<outcome<T>>> settle(std::vector<task<T>> tasks) {
  auto children = gather_settled(std::move(tasks));
  co_return co_await std::move(children);
}

task<int> number(int n) { co_return n; }

task<int> number_after(std::chrono::nanoseconds delay, int n) {
  co_await dwell::sleep_for(delay);
  co_return n;
}

task<> fail() {
  throw std::runtime_error("failed");
  co_return;
}

std::string text_of(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    return e.what();
  } catch (const dwell::cancelled& c) {
    return c.what();
  }
}

TEST_P(a_settled_gather, gives_values_and_errors_in_argument_order) {
  auto outcomes = dwell::run(settle(number(1), fail(), number_after(1ms, 3)), pool());
  auto& [first, second, third] = outcomes;
  EXPECT_EQ(*first, 1);
  EXPECT_FALSE(second.has_value());
  EXPECT_EQ(text_of(second.error()), "failed");
  EXPECT_EQ(*third, 3);
}

TEST_P(a_settled_gather, lets_the_siblings_of_a_failed_child_end) {
  std::atomic<bool> ended{false};
  const auto sleeps = [&]() -> task<> {
    co_await dwell::sleep_for(5ms);
    ended = true;
  };
  const auto outcomes = dwell::run(settle(fail(), sleeps()), pool());
  EXPECT_TRUE(std::get<1>(outcomes).has_value());
  EXPECT_TRUE(ended);
}

TEST_P(a_settled_gather, of_a_range_keeps_failures_among_its_outcomes) {
  const std::int64_t count = dwell_test::scaled(10'000);
  const auto every_third_fails = [](int i) -> task<int> {
    if (i % 2 == 0) co_await dwell::sleep_for(std::chrono::microseconds(i % 50));
    if (i % 3 == 0) throw std::runtime_error("number " + std::to_string(i));
    co_return i;
  };
  std::vector<task<int>> tasks;
  for (int i = 0; i < count; ++i) tasks.push_back(every_third_fails(i));
  auto outcomes = dwell::run(settle(std::move(tasks)), pool());
  ASSERT_EQ(outcomes.size(), static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    auto& o = outcomes[static_cast<std::size_t>(i)];
    ASSERT_EQ(o.has_value(), i % 3 != 0) << i;
    if (o.has_value())
      ASSERT_EQ(*o, i);
    else
      ASSERT_EQ(text_of(o.error()), "number " + std::to_string(i));
  }
}

TEST_P(a_settled_gather, of_nothing_gives_nothing) {
  EXPECT_TRUE(dwell::run(settle(std::vector<task<int>>()), pool()).empty());
  EXPECT_EQ(std::tuple_size_v<decltype(settle())::value_type>, 0U);
  EXPECT_NO_THROW(static_cast<void>(dwell::run(settle(), pool())));
}

TEST_P(a_settled_gather, of_void_references_and_move_only_values_keeps_what_they_are) {
  static int object = 0;
  const auto refer = []() -> task<int&> { co_return object; };
  const auto make = []() -> task<tracked> { co_return tracked(5); };
  const auto nothing = []() -> task<> { co_return; };
  {
    auto outcomes = dwell::run(settle(nothing(), refer(), make()), pool());
    EXPECT_TRUE(std::get<0>(outcomes).has_value());
    EXPECT_EQ(&*std::get<1>(outcomes), &object);
    EXPECT_EQ(std::get<2>(outcomes).value().value(), 5);
  }
  EXPECT_EQ(tracked::alive(), 0);
}

TEST_P(a_settled_gather, has_a_cancelled_child_among_its_outcomes) {
  const auto gives_up = []() -> task<> {
    throw dwell::cancelled();
    co_return;
  };
  const auto outcomes = dwell::run(settle(gives_up(), number(2)), pool());
  EXPECT_EQ(text_of(std::get<0>(outcomes).error()), "cancelled");
  EXPECT_TRUE(std::get<1>(outcomes).has_value());
}

TEST_P(a_settled_gather, is_cancelled_with_the_scope_around_it) {
  std::atomic<int> asleep{0};
  bool thrown = false;
  const auto sleeps = [&]() -> task<> {
    ++asleep;
    co_await dwell::sleep_for(1h);
  };
  const auto settles = [&]() -> task<> {
    auto children = gather_settled(sleeps(), fail(), sleeps());
    try {
      co_await std::move(children);
    } catch (const dwell::cancelled&) {
      thrown = true;
      throw;
    }
  };
  const auto fails = [&]() -> task<> {
    while (asleep < 2) co_await dwell::yield_now();
    throw std::runtime_error("cancels the others");
  };
  const auto both = [&]() -> task<> {
    auto children = dwell::gather(settles(), fails());
    co_await std::move(children);
  };
  EXPECT_THROW(dwell::run(both(), pool()), std::runtime_error);
  EXPECT_TRUE(thrown);
}

}  // namespace
