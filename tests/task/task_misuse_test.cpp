// Mistakes that stop the program, each with a sentence that names the remedy.
#include <chrono>
#include <coroutine>
#include <gtest/gtest.h>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/workers.hpp"

namespace {

using dwell::task;
using dwell_test::workers;
using namespace std::chrono_literals;

// The file and line at the end are not looked at: the library's own or the user's may stand there.
std::string empty_task(const char* who) {
  return std::string("dwell: ") + who +
         ": .*the task is empty: it was moved from or awaited before; a task is awaited once "
         "\\(.*:[0-9]+\\)";
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

// ---- Without a runtime ----

TEST(no_runtime_death, is_what_spawn_says_outside_of_one) {
  EXPECT_DEATH(dwell::spawn(number()).detach(),
               "dwell: spawn: .*needs a runtime: call it from a coroutine inside dwell::run");
}

// A coroutine of somebody else's, which resumes on the thread that calls it.
struct foreign {
  struct promise_type {
    static foreign get_return_object() noexcept { return {}; }
    static std::suspend_never initial_suspend() noexcept { return {}; }
    static std::suspend_never final_suspend() noexcept { return {}; }
    static void return_void() noexcept {}
    [[noreturn]] static void unhandled_exception() noexcept { std::abort(); }
  };
};

foreign sleeps() { co_await dwell::sleep_for(1h); }

TEST(no_runtime_death, is_what_a_sleep_says_in_somebody_else_s_coroutine) {
  EXPECT_DEATH(sleeps(),
               "dwell: sleep_for: .*needs a runtime: call it from a coroutine inside dwell::run");
}

}  // namespace
