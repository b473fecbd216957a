// What a task was given as parameters goes when the task ends: not when its siblings have ended,
// nor when its handle goes. So a producer's end of a channel closes while others still receive.
#include <chrono>
#include <gtest/gtest.h>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/tracked.hpp"
#include "support/workers.hpp"

namespace {

using dwell::task;
using dwell_test::tracked;
using namespace std::chrono_literals;

class a_parameter : public dwell_test::on_workers {};
INSTANTIATE_TEST_SUITE_P(workers, a_parameter, dwell_test::each_worker_count());

task<int> sends(dwell::channel_sender<int> out, int count) {
  for (int i = 0; i < count; ++i) co_await out.send(i);
  co_return 0;
}

task<int> sums(dwell::channel_receiver<int> in) {
  int sum = 0;
  while (true) {
    const std::optional<int> item = co_await in.next();
    if (!item) co_return sum;
    sum += *item;
  }
}

TEST_P(a_parameter, of_a_gathers_child_goes_when_the_child_ends) {
  const auto main = []() -> task<int> {
    auto [out, in] = dwell::make_channel<int>(2);
    auto both = dwell::gather(sends(std::move(out), 100), sums(std::move(in)));
    const auto results = co_await std::move(both);
    co_return std::get<1>(results);
  };
  EXPECT_EQ(dwell::run(main(), pool()), 4950);
}

TEST_P(a_parameter, of_a_child_in_a_vector_goes_when_the_child_ends) {
  const auto main = []() -> task<int> {
    auto [out, in] = dwell::make_channel<int>(1);
    std::vector<task<int>> all;
    for (int i = 0; i < 3; ++i) all.push_back(sends(out.clone(), 10));
    all.push_back(sends(std::move(out), 10));
    all.push_back(sums(std::move(in)));
    auto children = dwell::gather(std::move(all));
    const auto results = co_await std::move(children);
    co_return results.back();
  };
  EXPECT_EQ(dwell::run(main(), pool()), 180);
}

TEST_P(a_parameter, of_a_child_that_may_fail_goes_when_the_child_ends) {
  const auto main = []() -> task<int> {
    auto [out, in] = dwell::make_channel<int>(1);
    auto both = dwell::gather_settled(sends(std::move(out), 10), sums(std::move(in)));
    const auto results = co_await std::move(both);
    co_return std::get<1>(results).value();
  };
  EXPECT_EQ(dwell::run(main(), pool()), 45);
}

TEST_P(a_parameter, of_a_spawned_task_goes_when_the_task_ends_though_its_handle_is_kept) {
  const auto main = []() -> task<int> {
    auto [out, in] = dwell::make_channel<int>(2);
    auto producer = dwell::spawn(sends(std::move(out), 100));
    const int sum = co_await sums(std::move(in));
    co_await producer;
    co_return sum;
  };
  EXPECT_EQ(dwell::run(main(), pool()), 4950);
}

TEST_P(a_parameter, of_a_task_in_a_group_goes_when_the_task_ends) {
  const auto main = []() -> task<int> {
    auto [out, in] = dwell::make_channel<int>(2);
    const auto body = [&](dwell::task_group& group) -> task<int> {
      const auto producer = group.spawn(sends(std::move(out), 100));
      co_return co_await sums(std::move(in));
    };
    co_return co_await dwell::with_task_group(body);
  };
  EXPECT_EQ(dwell::run(main(), pool()), 4950);
}

TEST_P(a_parameter, of_a_task_that_is_completed_early_goes_with_it) {
  const auto main = []() -> task<int> {
    auto [out, in] = dwell::make_channel<int>(1);
    std::vector<task<int>> all;
    all.push_back(sends(std::move(out), 10));
    all.push_back(sums(std::move(in)));
    int sum = 0;
    const auto body = [&](dwell::completions<int>& c) -> task<> {
      while (true) {
        const auto next = co_await c.next();
        if (!next) co_return;
        sum += next->value();
      }
    };
    co_await dwell::as_completed(std::move(all), body);
    co_return sum;
  };
  EXPECT_EQ(dwell::run(main(), pool()), 45);
}

task<> holds_for_ever(tracked) { co_await dwell::sleep_for(1h); }
task<> waits_for(dwell::event& e) { co_await e.wait(); }

TEST_P(a_parameter, of_a_cancelled_child_goes_though_its_siblings_take_their_time) {
  const auto main = []() -> task<> {
    dwell::event all_gone;
    const auto lingers = [&]() -> task<> { co_await dwell::shield(waits_for(all_gone)); };
    const auto holders = [&]() -> task<> {
      std::vector<task<>> all;
      for (int i = 0; i < 50; ++i) all.push_back(holds_for_ever(tracked(i)));
      all.push_back(lingers());
      auto children = dwell::gather(std::move(all));
      co_await std::move(children);
    };
    auto handle = dwell::spawn(holders);
    while (tracked::alive() < 50) co_await dwell::yield_now();
    handle.cancel();
    while (tracked::alive() > 0) co_await dwell::yield_now();
    all_gone.set();
    co_await handle.wait();
  };
  dwell::run(main(), pool());
  EXPECT_EQ(tracked::alive(), 0);
}

TEST_P(a_parameter, of_a_task_that_never_ran_goes_when_its_handle_learns_of_it) {
  const auto main = []() -> task<int> {
    auto handle = dwell::spawn(holds_for_ever(tracked(1)));
    handle.cancel();
    co_await handle.wait();
    co_return tracked::alive();
  };
  EXPECT_EQ(dwell_test::run_on(1, main()), 0);
}

}  // namespace
