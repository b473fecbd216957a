// task_local: bound for what lives in the scope of a task, and for nothing else.
#include <chrono>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::task;
using dwell::with_local;
using namespace std::chrono_literals;

class a_task_local : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a task local"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_task_local, dwell_test::each_worker_count());

const dwell::task_local<std::string> request("nobody");
const dwell::task_local<int> depth;

task<std::string> read() { co_return co_await request.get(); }

task<std::string> read_after_a_sleep() {
  co_await dwell::sleep_for(100us);
  co_return co_await read();
}

TEST_P(a_task_local, gives_its_first_value_where_nothing_is_bound) {
  EXPECT_EQ(dwell::run(read(), pool()), "nobody");
  const auto number = []() -> task<int> { co_return co_await depth.get(); };
  EXPECT_EQ(dwell::run(number(), pool()), 0);
}

TEST_P(a_task_local, is_bound_for_the_body_and_no_longer) {
  const auto scenario = []() -> task<std::string> {
    const std::string inside = co_await with_local(request, "a", read());
    co_return inside + " " + co_await read();
  };
  EXPECT_EQ(dwell::run(scenario(), pool()), "a nobody");
}

TEST_P(a_task_local, is_hidden_by_an_inner_binding_of_the_same_and_of_no_other) {
  const auto both = []() -> task<std::string> {
    const int number = co_await depth.get();
    co_return co_await request.get() + std::to_string(number);
  };
  const auto inner = [&]() -> task<std::string> {
    const std::string hidden = co_await with_local(request, "b", both());
    co_return hidden + " " + co_await both();
  };
  EXPECT_EQ(dwell::run(with_local(depth, 7, with_local(request, "a", inner())), pool()), "b7 a7");
}

TEST_P(a_task_local, is_seen_by_children_wherever_they_run) {
  const auto scenario = []() -> task<> {
    auto two = dwell::gather(read_after_a_sleep(), with_local(request, "b", read_after_a_sleep()));
    const auto texts = co_await std::move(two);
    EXPECT_EQ(std::get<0>(texts) + std::get<1>(texts), "ab");
    EXPECT_EQ(co_await dwell::timeout(1h, read_after_a_sleep()), "a");
    EXPECT_EQ(co_await dwell::shield(read_after_a_sleep()), "a");
    const auto in_group = [](dwell::task_group& group) -> task<std::string> {
      auto child = group.spawn(read_after_a_sleep());
      co_return co_await child;
    };
    auto group = dwell::with_task_group(in_group);
    EXPECT_EQ(co_await std::move(group), "a");
  };
  dwell::run(with_local(request, "a", scenario()), pool());
}

TEST_P(a_task_local, is_not_seen_by_a_spawned_task_unless_it_is_bound_around_it) {
  const auto scenario = []() -> task<std::string> {
    const std::string here = co_await request.get();
    auto without = dwell::spawn(read_after_a_sleep());
    auto with = dwell::spawn(with_local(request, here, read_after_a_sleep()));
    const std::string first = co_await without;
    co_return first + " " + co_await with;
  };
  EXPECT_EQ(dwell::run(with_local(request, "a", scenario()), pool()), "nobody a");
}

TEST_P(a_task_local, lets_errors_and_cancellations_through) {
  const auto fails = []() -> task<> {
    co_await dwell::yield_now();
    throw std::runtime_error("failed");
  };
  EXPECT_THROW(dwell::run(with_local(depth, 1, fails()), pool()), std::runtime_error);
  const auto sleeps = []() -> task<> { co_await dwell::sleep_for(1h); };
  EXPECT_FALSE(dwell::run(dwell::move_on_after(1ms, with_local(depth, 1, sleeps())), pool()));
}

TEST_P(a_task_local, keeps_many_tasks_apart) {
  const auto reads = [](int n) -> task<int> {
    for (int i = 0; i < 5; ++i) {
      co_await dwell::yield_now();
      if (co_await depth.get() != n) co_return 1;
    }
    co_return 0;
  };
  const auto all = [&]() -> task<int> {
    std::vector<task<int>> children;
    for (int i = 0; i < dwell_test::scaled(500); ++i)
      children.push_back(with_local(depth, i, reads(i)));
    int wrong = 0;
    const std::vector<int> results = co_await dwell::gather(std::move(children));
    for (const int result : results) wrong += result;
    co_return wrong;
  };
  EXPECT_EQ(dwell::run(all(), pool()), 0);
}

}  // namespace
