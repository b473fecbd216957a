// A task that was destroyed without ever having run is reported, with where it is written.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/workers.hpp"

namespace {

using dwell::task;
using testing::HasSubstr;
using testing::internal::CaptureStderr;
using testing::internal::GetCapturedStderr;

struct report {
  std::string function;
  std::string file;
  unsigned line;
};
std::vector<report> reports;  // of the test's own thread

constexpr unsigned forgotten_line = __LINE__ + 1;
task<int> forgotten_coroutine() { co_return 1; }

task<> holds(task<> inner) { co_await inner; }
task<> leaf() { co_return; }

class a_forgotten_task : public dwell_test::no_frames_left {
 protected:
  void SetUp() override {
    reports.clear();
    dwell::set_never_awaited_hook([](const std::source_location& where) noexcept {
      reports.push_back({where.function_name(), where.file_name(), where.line()});
    });
  }
  void TearDown() override {
    dwell::set_never_awaited_hook(nullptr);
    no_frames_left::TearDown();
  }
};

TEST_F(a_forgotten_task, is_reported_with_its_function_file_and_line) {
  { const task<int> forgotten = forgotten_coroutine(); }
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_THAT(reports[0].function, HasSubstr("forgotten_coroutine"));
  EXPECT_THAT(reports[0].file, HasSubstr("task_report_test.cpp"));
  EXPECT_EQ(reports[0].line, forgotten_line);
}

TEST_F(a_forgotten_task, is_named_on_stderr_with_the_remedy) {
  dwell::set_never_awaited_hook(nullptr);
  CaptureStderr();
  { const task<int> forgotten = forgotten_coroutine(); }
  const std::string text = GetCapturedStderr();
  EXPECT_THAT(text, HasSubstr("dwell: a task of '"));
  EXPECT_THAT(text, HasSubstr("forgotten_coroutine"));
  EXPECT_THAT(text, HasSubstr("task_report_test.cpp:" + std::to_string(forgotten_line)));
  EXPECT_THAT(text, HasSubstr("was destroyed without ever being awaited; co_await it, spawn() it "
                              "or pass it to gather()"));
}

TEST_F(a_forgotten_task, is_reported_when_another_is_assigned_to_it) {
  task<int> t = forgotten_coroutine();
  t = task<int>();
  EXPECT_EQ(reports.size(), 1U);
}

TEST_F(a_forgotten_task, takes_the_tasks_in_its_parameters_with_it) {
  { const task<> outer = holds(holds(leaf())); }
  ASSERT_EQ(reports.size(), 3U);
  EXPECT_THAT(reports[0].function, HasSubstr("holds"));
  EXPECT_THAT(reports[1].function, HasSubstr("holds"));
  EXPECT_THAT(reports[2].function, HasSubstr("leaf"));
}

TEST_F(a_forgotten_task, is_reported_inside_a_run_too) {
  const auto forget = []() -> task<> {
    { const task<int> forgotten = forgotten_coroutine(); }
    co_return;
  };
  dwell::run(forget(), dwell_test::workers(1));
  EXPECT_EQ(reports.size(), 1U);
}

TEST_F(a_forgotten_task, is_not_one_that_was_awaited_moved_or_never_held_a_coroutine) {
  const auto remember = []() -> task<> {
    task<int> first = forgotten_coroutine();
    task<int> second = std::move(first);
    co_await second;
    const task<int> none;
    auto outer = holds(leaf());
    co_await outer;
  };
  dwell::run(remember(), dwell_test::workers(1));
  EXPECT_TRUE(reports.empty());
}

TEST_F(a_forgotten_task, can_be_one_that_a_gather_was_given_but_nobody_awaited) {
  {
    const auto unused = dwell::gather(leaf(), leaf());
    EXPECT_TRUE(reports.empty());
  }
  EXPECT_EQ(reports.size(), 2U);
}

TEST_F(a_forgotten_task, goes_to_the_hook_set_last) {
  static int calls = 0;
  const auto mine =
      dwell::set_never_awaited_hook([](const std::source_location&) noexcept { ++calls; });
  { const task<int> forgotten = forgotten_coroutine(); }
  EXPECT_EQ(calls, 1);
  EXPECT_TRUE(reports.empty());
  dwell::set_never_awaited_hook(mine);
  { const task<int> forgotten = forgotten_coroutine(); }
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(reports.size(), 1U);
}

}  // namespace
