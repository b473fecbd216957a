// gather where every child succeeds: what it gives, in which order, and how wide and deep it goes.
#include <chrono>
#include <cstdint>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <numeric>
#include <string>
#include <tuple>
#include <utility>
#include <variant>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/scale.hpp"
#include "support/tracked.hpp"
#include "support/workers.hpp"

namespace {

using dwell::gather;
using dwell::task;
using dwell_test::scaled;
using dwell_test::tracked;
using namespace std::chrono_literals;

class a_gather : public dwell_test::on_workers {};
INSTANTIATE_TEST_SUITE_P(workers, a_gather, dwell_test::each_worker_count());

template <class T>
task<T> give(T value) {
  co_return value;
}

template <class T>
task<T> give_after(std::chrono::nanoseconds delay, T value) {
  co_await dwell::sleep_for(delay);
  co_return value;
}

task<> nothing() { co_return; }

// gather(...) as a task of its own, so that run() can be given it.
template <class... Ts>
auto all(task<Ts>... tasks) -> task<std::tuple<dwell::scope::slot_t<Ts>...>> {
  auto children = gather(std::move(tasks)...);
  co_return co_await std::move(children);
}
template <class T>
auto all(std::vector<task<T>> tasks) -> task<std::vector<dwell::scope::element_t<T>>> {
  auto children = gather(std::move(tasks));
  co_return co_await std::move(children);
}

template <class Make>
auto tasks_of(std::int64_t count, Make make) {
  std::vector<decltype(make(count))> tasks;
  tasks.reserve(static_cast<std::size_t>(count));
  for (std::int64_t i = 0; i < count; ++i) tasks.push_back(make(i));
  return tasks;
}

std::vector<std::int64_t> numbers_up_to(std::int64_t count) {
  std::vector<std::int64_t> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

TEST_P(a_gather, gives_results_in_argument_order) {
  EXPECT_EQ(dwell::run(all(give(1), give(2), give(3)), pool()), std::tuple(1, 2, 3));
}

TEST_P(a_gather, gives_results_in_argument_order_whoever_ends_first) {
  auto children = all(give_after(6ms, 'a'), give_after(3ms, 'b'), give('c'));
  EXPECT_EQ(dwell::run(std::move(children), pool()), std::tuple('a', 'b', 'c'));
}

TEST_P(a_gather, takes_children_of_different_types) {
  auto children = all(give(1), give(std::string("two")), give(std::make_unique<int>(3)), nothing());
  auto results = dwell::run(std::move(children), pool());
  static_assert(std::is_same_v<decltype(results),
                               std::tuple<int, std::string, std::unique_ptr<int>, std::monostate>>);
  EXPECT_EQ(std::get<0>(results), 1);
  EXPECT_EQ(std::get<1>(results), "two");
  EXPECT_EQ(*std::get<2>(results), 3);
}

TEST_P(a_gather, gives_references_to_the_very_objects) {
  static int first = 0;
  static int second = 0;
  const auto refer = [](int& object) -> task<int&> { co_return object; };
  auto results = dwell::run(all(refer(first), refer(second)), pool());
  static_assert(std::is_same_v<decltype(results), std::tuple<int&, int&>>);
  EXPECT_EQ(&std::get<0>(results), &first);
  EXPECT_EQ(&std::get<1>(results), &second);
}

TEST_P(a_gather, of_nothing_gives_nothing) {
  EXPECT_EQ(dwell::run(all(), pool()), std::tuple());
  EXPECT_TRUE(dwell::run(all(std::vector<task<int>>()), pool()).empty());
}

TEST_P(a_gather, of_one_child_gives_its_result) {
  EXPECT_EQ(dwell::run(all(give(5)), pool()), std::tuple(5));
  EXPECT_EQ(dwell::run(all(give_after(1ms, 5)), pool()), std::tuple(5));
}

TEST_P(a_gather, of_a_range_gives_a_vector_in_order) {
  auto tasks = tasks_of(100, [](std::int64_t i) { return give(i); });
  EXPECT_EQ(dwell::run(all(std::move(tasks)), pool()), numbers_up_to(100));
}

TEST_P(a_gather, of_a_range_of_void_gives_that_many_nothings) {
  auto tasks = tasks_of(10, [](std::int64_t) { return nothing(); });
  EXPECT_EQ(dwell::run(all(std::move(tasks)), pool()).size(), 10U);
}

TEST_P(a_gather, of_a_range_of_references_gives_reference_wrappers) {
  static int objects[3] = {};
  const auto refer = [](std::int64_t i) -> task<int&> { co_return objects[i]; };
  const auto results = dwell::run(all(tasks_of(3, refer)), pool());
  for (std::size_t i = 0; i < 3; ++i) EXPECT_EQ(&results[i].get(), &objects[i]);
}

TEST_P(a_gather, of_a_range_of_move_only_values_hands_them_all_over) {
  {
    auto tasks = tasks_of(50, [](std::int64_t i) { return give(tracked(static_cast<int>(i))); });
    const auto results = dwell::run(all(std::move(tasks)), pool());
    EXPECT_EQ(tracked::alive(), 50);
    for (std::size_t i = 0; i < 50; ++i) EXPECT_EQ(results[i].value(), static_cast<int>(i));
  }
  EXPECT_EQ(tracked::alive(), 0);
}

TEST_P(a_gather, takes_a_hundred_thousand_children) {
  const std::int64_t count = scaled(100'000);
  auto tasks = tasks_of(count, [](std::int64_t i) { return give(i); });
  EXPECT_EQ(dwell::run(all(std::move(tasks)), pool()), numbers_up_to(count));
}

TEST_P(a_gather, takes_a_hundred_thousand_children_that_yield) {
  const std::int64_t count = scaled(100'000);
  const auto yields = [](std::int64_t i) -> task<std::int64_t> {
    co_await dwell::yield_now();
    co_return i;
  };
  EXPECT_EQ(dwell::run(all(tasks_of(count, yields)), pool()), numbers_up_to(count));
}

TEST_P(a_gather, takes_a_hundred_thousand_children_that_sleep) {
  const std::int64_t count = scaled(100'000);
  const auto sleeps = [](std::int64_t i) {
    return give_after(std::chrono::microseconds(i % 997), i);
  };
  EXPECT_EQ(dwell::run(all(tasks_of(count, sleeps)), pool()), numbers_up_to(count));
}

TEST_P(a_gather, mixes_children_that_end_at_once_yield_and_sleep) {
  const auto mixed = [](std::int64_t i) -> task<std::int64_t> {
    if (i % 3 == 1) co_await dwell::yield_now();
    if (i % 3 == 2) co_await dwell::sleep_for(std::chrono::microseconds(i % 50));
    co_return i;
  };
  const std::int64_t count = scaled(10'000);
  EXPECT_EQ(dwell::run(all(tasks_of(count, mixed)), pool()), numbers_up_to(count));
}

// ---- Nested ----

task<std::int64_t> tree(int depth, int width, bool sleepy) {
  if (depth == 0) {
    if (sleepy) co_await dwell::sleep_for(1us);
    co_return 1;
  }
  std::vector<task<std::int64_t>> branches;
  for (int i = 0; i < width; ++i) branches.push_back(tree(depth - 1, width, sleepy));
  auto children = gather(std::move(branches));
  const auto results = co_await std::move(children);
  co_return std::accumulate(results.begin(), results.end(), std::int64_t{0});
}

TEST_P(a_gather, nests_wide) { EXPECT_EQ(dwell::run(tree(3, 30, false), pool()), 27'000); }

TEST_P(a_gather, nests_wide_with_sleeping_leaves) {
  EXPECT_EQ(dwell::run(tree(3, 10, true), pool()), 1'000);
}

TEST_P(a_gather, nests_as_a_binary_tree) {
  EXPECT_EQ(dwell::run(tree(12, 2, false), pool()), 4'096);
  EXPECT_EQ(dwell::run(tree(10, 2, true), pool()), 1'024);
}

task<std::int64_t> nested_alone(std::int64_t depth, bool sleepy) {
  if (depth == 0) {
    if (sleepy) co_await dwell::sleep_for(1us);
    co_return 0;
  }
  auto child = gather(nested_alone(depth - 1, sleepy));
  auto result = co_await std::move(child);
  co_return std::get<0>(result) + 1;
}

TEST_P(a_gather, nests_a_hundred_thousand_deep) {
  const std::int64_t depth = scaled(100'000);
  EXPECT_EQ(dwell::run(nested_alone(depth, false), pool()), depth);
  EXPECT_EQ(dwell::run(nested_alone(depth, true), pool()), depth);
}

// ---- Who runs when ----

TEST(gather_order, on_one_worker_is_the_order_of_the_arguments) {
  std::string order;
  const auto note = [&](char c) -> task<> {
    order += c;
    co_return;
  };
  static_cast<void>(dwell_test::run_on(1, all(note('a'), note('b'), note('c'), note('d'))));
  EXPECT_EQ(order, "abcd");
}

TEST(gather_order, lets_the_others_run_while_one_sleeps) {
  std::string order;
  const auto note = [&](char before, char after) -> task<> {
    order += before;
    co_await dwell::sleep_for(1ms);
    order += after;
  };
  static_cast<void>(dwell_test::run_on(1, all(note('a', '1'), note('b', '2'), note('c', '3'))));
  EXPECT_EQ(order.substr(0, 3), "abc");
  EXPECT_THAT(order.substr(3), testing::UnorderedElementsAre('1', '2', '3'));
}

TEST(gather_order, runs_nothing_before_it_is_awaited) {
  std::string order;
  const auto note = [&](char c) -> task<> {
    order += c;
    co_return;
  };
  const auto late = [&]() -> task<> {
    auto children = gather(note('b'), note('c'));
    order += 'a';
    co_await std::move(children);
    order += 'd';
  };
  dwell_test::run_on(1, late());
  EXPECT_EQ(order, "abcd");
}

}  // namespace
