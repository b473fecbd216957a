// Mistakes that stop the program, each with a sentence that names the remedy.
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/workers.hpp"

namespace {

using dwell::task;
using dwell_test::workers;

std::string empty_task(const char* who) {
  return std::string("dwell: ") + who +
         ": the task is empty: it was moved from or awaited before; a task is awaited once";
}

task<int> number() { co_return 1; }

task<> awaits_a_moved_from_task() {
  task<int> first = number();
  task<int> second = std::move(first);
  co_await second;
  co_await first;  // NOLINT: the mistake under test
}

task<> awaits_twice() {
  task<int> t = number();
  co_await t;
  co_await t;
}

TEST(task_death, says_that_a_task_was_moved_from) {
  EXPECT_DEATH(dwell::run(awaits_a_moved_from_task(), workers(1)), empty_task("co_await"));
}

TEST(task_death, says_that_a_task_was_awaited_before) {
  EXPECT_DEATH(dwell::run(awaits_twice(), workers(1)), empty_task("co_await"));
}

TEST(task_death, says_that_run_was_given_an_empty_task) {
  EXPECT_DEATH(dwell::run(task<int>(), workers(1)), empty_task("run"));
}

TEST(task_death, says_that_a_spawned_task_is_empty) {
  const auto spawns = []() -> task<> {
    dwell::spawn(task<int>()).detach();
    co_return;
  };
  EXPECT_DEATH(dwell::run(spawns(), workers(1)), empty_task("spawn"));
}

TEST(task_death, says_that_a_gathered_task_is_empty) {
  EXPECT_DEATH(static_cast<void>(dwell::gather(number(), task<int>())), empty_task("gather"));
  EXPECT_DEATH(
      {
        std::vector<task<int>> tasks(2);
        static_cast<void>(dwell::gather(std::move(tasks)));
      },
      empty_task("gather"));
}

// Awaiting in a coroutine that is no dwell::task does not compile: see tests/compile_fail.

TEST(no_runtime_death, is_what_spawn_says_outside_of_one) {
  EXPECT_DEATH(dwell::spawn(number()).detach(),
               "dwell: spawn: needs a runtime: call it from a coroutine inside dwell::run");
}

}  // namespace
