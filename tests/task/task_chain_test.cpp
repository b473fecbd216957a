// Chains as long as no stack could hold: awaits, exceptions and destructions a million deep.
//
// Each worker's stack is the system's default; where the compiler makes no tail calls, only the
// transfer budget keeps these from overflowing it.
#include <atomic>
#include <cstdint>
#include <gtest/gtest.h>
#include <stdexcept>
#include <utility>

#include <dwell/dwell.hpp>

#include "support/scale.hpp"
#include "support/workers.hpp"

namespace {

using dwell::task;
using dwell_test::scaled;
using dwell_test::workers;

class a_chain : public dwell_test::no_frames_left {};

task<std::int64_t> one() { co_return 1; }

task<std::int64_t> nested(std::int64_t depth) {
  if (depth == 0) co_return 0;
  co_return 1 + co_await nested(depth - 1);
}

TEST_F(a_chain, of_a_million_nested_awaits_comes_back) {
  const std::int64_t depth = scaled(1'000'000);
  EXPECT_EQ(dwell::run(nested(depth), workers(1)), depth);
}

TEST_F(a_chain, of_three_million_awaits_in_a_row_needs_no_stack) {
  const auto loop = [](std::int64_t n) -> task<std::int64_t> {
    std::int64_t sum = 0;
    for (std::int64_t i = 0; i < n; ++i) sum += co_await one();
    co_return sum;
  };
  const std::int64_t n = scaled(3'000'000);
  EXPECT_EQ(dwell::run(loop(n), workers(1)), n);
}

TEST_F(a_chain, of_waits_that_are_over_already_needs_no_stack) {
  const auto loop = [](std::int64_t n) -> task<std::int64_t> {
    std::int64_t sum = 0;
    for (std::int64_t i = 0; i < n; ++i) {
      auto ends = dwell::make_oneshot<std::int64_t>();
      ends.first.send(1);
      sum += co_await ends.second;
    }
    co_return sum;
  };
  const std::int64_t n = scaled(300'000);
  EXPECT_EQ(dwell::run(loop(n), workers(1)), n);
}

task<> fails_at(std::int64_t depth) {
  if (depth == 0) throw std::runtime_error("from the bottom");
  co_await fails_at(depth - 1);
}

TEST_F(a_chain, carries_an_exception_up_from_a_hundred_thousand_deep) {
  EXPECT_THROW(dwell::run(fails_at(scaled(100'000)), workers(1)), std::runtime_error);
}

std::atomic<std::int64_t> never_awaited{0};

task<> holds(task<> inner) { co_await inner; }
task<> bottom() { co_return; }

task<> tasks_in_parameters(std::int64_t depth) {
  task<> chain = bottom();
  for (std::int64_t i = 0; i < depth; ++i) chain = holds(std::move(chain));
  return chain;
}

TEST_F(a_chain, of_a_million_tasks_in_parameters_is_destroyed_unstarted) {
  never_awaited = 0;
  dwell::set_never_awaited_hook([](const std::source_location&) noexcept { ++never_awaited; });
  const std::int64_t depth = scaled(1'000'000);
  { const task<> chain = tasks_in_parameters(depth); }
  dwell::set_never_awaited_hook(nullptr);
  EXPECT_EQ(never_awaited, depth + 1);
}

TEST_F(a_chain, of_a_million_tasks_in_parameters_runs_to_its_end) {
  dwell::run(tasks_in_parameters(scaled(1'000'000)), workers(1));
}

// ---- Turns: on one worker, others run only because this chain's awaits cost it budget ----

task<> sets(std::atomic<bool>& flag) {
  flag = true;
  co_return;
}

TEST_F(a_chain, that_only_awaits_lets_in_what_comes_from_outside) {
  const auto spins = [](std::atomic<bool>& stop) -> task<> {
    while (!stop) co_await one();
  };
  std::atomic<bool> stop{false};
  dwell::runtime rt(workers(1));
  auto handle = rt.spawn(spins(stop));
  rt.run(sets(stop));
  const auto joins = [](dwell::join_handle<>& h) -> task<> { co_await h; };
  rt.run(joins(handle));
}

TEST_F(a_chain, of_waits_that_are_over_already_gives_way_to_its_siblings) {
  const auto spins = [](std::atomic<bool>& stop) -> task<> {
    while (!stop) {
      auto ends = dwell::make_oneshot<int>();
      ends.first.send(1);
      co_await ends.second;
    }
  };
  const auto both = [&]() -> task<> {
    std::atomic<bool> stop{false};
    auto second = dwell::spawn(sets(stop));
    co_await spins(stop);
    co_await second;
  };
  dwell::run(both(), workers(1));
}

}  // namespace
