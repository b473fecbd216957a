// task_local: bound for what lives in the scope of a task, and for nothing else.
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <tuple>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/sim/run.hpp>

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

// ---- What a task starts takes its bindings along ----

TEST_P(a_task_local, is_inherited_by_a_spawned_task_that_outlives_the_binding) {
  const auto scenario = []() -> task<std::string> {
    dwell::event unbound;
    const auto reads_late = [&]() -> task<std::string> {
      co_await unbound.wait();
      co_return co_await read();
    };
    const auto spawns = [&]() -> task<dwell::join_handle<std::string>> {
      co_return dwell::spawn(reads_late);
    };
    auto handle = co_await with_local(request, "a", spawns());
    EXPECT_EQ(co_await read(), "nobody");
    unbound.set();
    co_return co_await handle;
  };
  EXPECT_EQ(dwell::run(scenario(), pool()), "a");
}

TEST_P(a_task_local, is_inherited_from_where_spawn_is_called) {
  const auto in_group = [](dwell::task_group& group) -> task<std::string> {
    const auto spawns = [&]() -> task<dwell::join_handle<std::string>> {
      co_return group.spawn(read_after_a_sleep());
    };
    auto inner = co_await with_local(request, "b", spawns());
    auto outer = group.spawn(read_after_a_sleep());
    const std::string first = co_await inner;
    co_return first + " " + co_await outer;
  };
  EXPECT_EQ(dwell::run(with_local(request, "a", dwell::with_task_group(in_group)), pool()), "b a");
}

TEST_P(a_task_local, that_a_spawned_task_binds_is_not_seen_by_its_parent) {
  const auto scenario = []() -> task<std::string> {
    auto child = dwell::spawn(with_local(request, "b", read_after_a_sleep()));
    const std::string childs = co_await child;
    co_return childs + " " + co_await read();
  };
  EXPECT_EQ(dwell::run(with_local(request, "a", scenario()), pool()), "b a");
}

TEST_P(a_task_local, goes_down_a_line_of_spawned_tasks) {
  struct line {
    static task<int> below(int left) {
      if (left == 0) co_return co_await depth.get();
      auto child = dwell::spawn(below(left - 1));
      co_return co_await child;
    }
  };
  EXPECT_EQ(dwell::run(with_local(depth, 7, line::below(20)), pool()), 7);
}

TEST_P(a_task_local, is_not_inherited_by_what_another_thread_spawns) {
  dwell::runtime rt(pool());
  const auto scenario = [&]() -> task<std::string> {
    dwell::join_handle<std::string> handle;
    std::thread([&] { handle = rt.spawn(read()); }).join();
    co_return co_await handle;
  };
  EXPECT_EQ(rt.run(with_local(request, "a", scenario())), "nobody");
}

class counts_itself {
 public:
  counts_itself() noexcept { ++alive; }
  counts_itself(const counts_itself&) noexcept { ++alive; }
  counts_itself& operator=(const counts_itself&) noexcept = default;
  ~counts_itself() { --alive; }
  inline static std::atomic<int> alive{0};
};

TEST_P(a_task_local, lives_until_the_last_that_inherited_it_has_gone) {
  const int before = counts_itself::alive;
  {
    const dwell::task_local<counts_itself> local;
    const auto scenario = [&]() -> task<> {
      dwell::event end;
      const auto waits = [&]() -> task<> { co_await end.wait(); };
      const auto spawns = [&]() -> task<dwell::join_handle<>> { co_return dwell::spawn(waits); };
      auto handle = co_await with_local(local, counts_itself(), spawns());
      EXPECT_EQ(counts_itself::alive, before + 2);
      end.set();
      co_await handle;
      EXPECT_EQ(counts_itself::alive, before + 1);
    };
    dwell::run(scenario(), pool());
  }
  EXPECT_EQ(counts_itself::alive, before);
}

TEST_P(a_task_local, is_inherited_after_a_spawn_that_a_cancelled_group_refused) {
  const auto scenario = []() -> task<std::string> {
    dwell::join_handle<std::string> child;
    const auto in_group = [&](dwell::task_group& group) -> task<> {
      group.cancel();
      group.spawn(read()).detach();
      child = dwell::spawn(read());
      co_return;
    };
    co_await dwell::with_task_group(in_group);
    co_return co_await child;
  };
  EXPECT_EQ(dwell::run(with_local(request, "a", scenario()), pool()), "a");
}

// ---- Functions on other threads ----

TEST_P(a_task_local, is_seen_by_the_functions_of_blocking_and_compute) {
  const auto scenario = []() -> task<std::string> {
    const auto reads = [] { return request.in_function(); };
    const std::string blocked = co_await dwell::blocking(reads);
    const std::string computed = co_await dwell::compute(reads);
    const std::string abandonable = co_await dwell::blocking(dwell::abandon_on_cancel, reads);
    co_return blocked + computed + abandonable;
  };
  EXPECT_EQ(dwell::run(with_local(request, "a", scenario()), pool()), "aaa");
  EXPECT_EQ(dwell::run(scenario(), pool()), "nobodynobodynobody");
}

TEST(a_task_local_in_a_simulation, is_seen_by_spawned_tasks_and_by_jobs) {
  const auto scenario = []() -> task<std::string> {
    const auto reads = [] { return request.in_function(); };
    auto child = dwell::spawn(read_after_a_sleep());
    const std::string blocked = co_await dwell::blocking(reads);
    co_return blocked + co_await child;
  };
  EXPECT_EQ(dwell::sim::run(7, with_local(request, "a", scenario())), "aa");
}

TEST(task_local_death, in_a_coroutine_the_read_for_functions_names_the_other) {
  const auto reads = []() -> task<std::string> { co_return request.in_function(); };
  EXPECT_DEATH((void)dwell_test::run_on(1, reads()), "write co_await local.get()");
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
