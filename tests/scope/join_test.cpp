// Joins that are cancelled, joins made twice, and errors that nobody joins for.
#include <atomic>
#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mutex>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/for_ever.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::join_handle;
using dwell::spawn;
using dwell::task;
using dwell_test::until;
using dwell_test::workers;
using testing::HasSubstr;
using namespace std::chrono_literals;

class a_join : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a join"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_join, dwell_test::each_worker_count());

task<int> join(join_handle<int>& handle) { co_return co_await handle; }

task<> fail_later() {
  co_await dwell::sleep_for(1ms);
  throw std::runtime_error("a sibling fails");
}

// Joins beside a sibling that fails. True when the join was cancelled.
task<bool> cancelled_join(join_handle<int>& handle) {
  auto children = dwell::gather(join(handle), fail_later());
  try {
    co_await std::move(children);
  } catch (const std::runtime_error&) {
    co_return handle.joinable();
  }
  co_return false;
}

TEST_P(a_join, that_is_cancelled_leaves_the_task_running_and_the_handle_joinable) {
  const auto scenario = []() -> task<int> {
    auto ends = dwell::make_oneshot<int>();
    const auto waits = [&]() -> task<int> { co_return co_await ends.second; };
    auto handle = spawn(waits());
    const bool cancelled = co_await cancelled_join(handle);
    ends.first.send(cancelled ? 4 : -1);
    co_return co_await handle;
  };
  EXPECT_EQ(dwell::run(scenario(), pool()), 4);
}

TEST_P(a_join, that_races_with_its_cancel_loses_no_result) {
  const auto once = []() -> task<int> {
    const auto gives = []() -> task<int> {
      co_await dwell::yield_now();
      co_return 1;
    };
    const auto fails = []() -> task<> {
      co_await dwell::yield_now();
      throw std::runtime_error("cancels the join");
    };
    auto handle = spawn(gives());
    int received = 0;
    const auto joins = [&]() -> task<> { received = co_await handle; };
    auto children = dwell::gather(joins(), fails());
    try {
      co_await std::move(children);
    } catch (const std::runtime_error&) {
    }
    if (handle.joinable()) received += co_await handle;
    co_return received;
  };
  dwell::runtime rt(pool());
  for (std::int64_t i = 0; i < dwell_test::scaled(5'000); ++i) ASSERT_EQ(rt.run(once()), 1);
}

TEST(join_death, says_that_a_handle_is_joined_once) {
  const auto twice = []() -> task<> {
    const auto number = []() -> task<int> { co_return 1; };
    auto handle = spawn(number());
    co_await handle;
    co_await handle;
  };
  EXPECT_DEATH(
      dwell::run(twice(), workers(1)),
      "dwell: co_await join_handle: joined, detached or moved from already; a task is joined "
      "once");
}

TEST(join_death, says_that_a_handle_was_detached) {
  const auto detaches = []() -> task<> {
    const auto number = []() -> task<int> { co_return 1; };
    auto handle = spawn(number());
    handle.detach();
    co_await handle;
  };
  EXPECT_DEATH(dwell::run(detaches(), workers(1)),
               "dwell: co_await join_handle: joined, detached or moved from already");
}

TEST(join_death, says_that_a_second_task_joins_while_the_first_waits) {
  const auto both = []() -> task<> {
    const auto sleeps = []() -> task<int> {
      co_await dwell::sleep_for(5ms);
      co_return 1;
    };
    auto handle = spawn(sleeps());
    auto children = dwell::gather(join(handle), join(handle));
    co_await std::move(children);
  };
  EXPECT_DEATH(dwell::run(both(), workers(1)), "dwell: .*join.*once");
}

// ---- wait(): the end without the result ----

task<> wait_for_end(join_handle<int>& handle) { co_await handle.wait(); }

TEST_P(a_join, may_come_after_any_number_of_waits_for_the_end) {
  const auto scenario = []() -> task<int> {
    auto ends = dwell::make_oneshot<int>();
    const auto waits = [&]() -> task<int> { co_return co_await ends.second; };
    const auto sends = [&]() -> task<> {
      co_await dwell::sleep_for(1ms);
      ends.first.send(6);
    };
    auto handle = spawn(waits());
    std::vector<task<>> tasks;
    for (int i = 0; i < 20; ++i) tasks.push_back(wait_for_end(handle));
    tasks.push_back(sends());
    auto children = dwell::gather(std::move(tasks));
    co_await std::move(children);
    co_await handle.wait();  // over already
    co_return co_await handle;
  };
  EXPECT_EQ(dwell::run(scenario(), pool()), 6);
}

TEST_P(a_join, is_found_by_its_waiters_after_some_of_them_were_cancelled) {
  const auto scenario = []() -> task<int> {
    auto ends = dwell::make_oneshot<int>();
    const auto waits = [&]() -> task<int> { co_return co_await ends.second; };
    auto handle = spawn(waits());
    auto first = spawn(wait_for_end(handle));
    co_await dwell::sleep_for(100us);
    auto doomed = dwell::gather(wait_for_end(handle), wait_for_end(handle), fail_later());
    bool failed = false;
    try {
      co_await std::move(doomed);
    } catch (const std::runtime_error&) {
      failed = true;
    }
    ends.first.send(failed ? 7 : -1);
    co_await first;
    co_return co_await handle;
  };
  EXPECT_EQ(dwell::run(scenario(), pool()), 7);
}

TEST_P(a_join, of_many_waiters_races_with_the_end_and_a_cancel) {
  const auto once = [](int round) -> task<int> {
    const auto gives = [](int yields) -> task<int> {
      for (int i = 0; i < yields; ++i) co_await dwell::yield_now();
      co_return 1;
    };
    const auto fails = []() -> task<> {
      co_await dwell::yield_now();
      throw std::runtime_error("cancels the waits");
    };
    auto handle = spawn(gives(round % 4));
    auto outlasts = spawn(wait_for_end(handle));
    auto children = dwell::gather(wait_for_end(handle), wait_for_end(handle), fails());
    try {
      co_await std::move(children);
    } catch (const std::runtime_error&) {
    }
    co_await outlasts;
    co_return co_await handle;
  };
  dwell::runtime rt(pool());
  const auto rounds = static_cast<int>(dwell_test::scaled(3'000));
  for (int i = 0; i < rounds; ++i) ASSERT_EQ(rt.run(once(i)), 1);
}

TEST_P(a_join, leaves_a_handle_droppable_whose_waiters_were_all_cancelled) {
  std::atomic<bool> received{false};
  const auto scenario = [&]() -> task<> {
    auto ends = dwell::make_oneshot<int>();
    const auto waits = [&]() -> task<int> {
      const int value = co_await ends.second;
      received = true;
      co_return value;
    };
    auto handle = spawn(waits());
    auto doomed = dwell::gather(wait_for_end(handle), wait_for_end(handle), fail_later());
    try {
      co_await std::move(doomed);
    } catch (const std::runtime_error&) {
    }
    handle.detach();
    ends.first.send(1);
    co_await until(received);  // the task uses what is in this frame
  };
  dwell::run(scenario(), pool());
}

// ---- Errors that nobody awaits ----

struct unobserved {
  std::string what;
  std::string function;
  std::string file;
};
std::mutex reports_lock;
std::vector<unobserved> reports;
std::atomic<bool> begun{false};  // the task that fails: one that has not would be skipped

void note(std::exception_ptr error, const std::source_location& where) noexcept {
  const std::lock_guard guard(reports_lock);
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    reports.push_back({e.what(), where.function_name(), where.file_name()});
  } catch (...) {
    reports.push_back({"something else", where.function_name(), where.file_name()});
  }
}

class an_error_nobody_awaits : public dwell_test::on_workers {
 protected:
  void SetUp() override {
    reports.clear();
    begun = false;
    dwell::set_unobserved_error_hook(&note);
  }
  void TearDown() override {
    dwell::set_unobserved_error_hook(nullptr);
    on_workers::TearDown();
  }
};
INSTANTIATE_TEST_SUITE_P(workers, an_error_nobody_awaits, dwell_test::each_worker_count());

task<> fails_unobserved(std::string what) {
  begun = true;
  throw std::runtime_error(what);
  co_return;
}

task<> detach_until_begun(task<> body) {
  spawn(std::move(body)).detach();
  co_await until(begun);
}

TEST_P(an_error_nobody_awaits, goes_to_the_hook_with_where_its_task_is_written) {
  dwell::run(detach_until_begun(fails_unobserved("lost")), pool());
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].what, "lost");
  EXPECT_THAT(reports[0].function, HasSubstr("fails_unobserved"));
  EXPECT_THAT(reports[0].file, HasSubstr("join_test.cpp"));
}

TEST_P(an_error_nobody_awaits, goes_to_the_hook_when_the_handle_is_dropped_after_the_end) {
  const auto drops = []() -> task<> {
    const auto handle = spawn(fails_unobserved("lost"));
    while (!handle.done()) co_await dwell::yield_now();
  };
  dwell::run(drops(), pool());
  EXPECT_EQ(reports.size(), 1U);
}

TEST_P(an_error_nobody_awaits, goes_to_the_hook_when_it_comes_during_shutdown) {
  const auto fails_when_cancelled = []() -> task<> {
    begun = true;
    try {
      co_await dwell::sleep_for(1h);
    } catch (const dwell::cancelled&) {
      throw std::runtime_error("while being cancelled");
    }
  };
  dwell::run(detach_until_begun(fails_when_cancelled()), pool());
  ASSERT_EQ(reports.size(), 1U);
  EXPECT_EQ(reports[0].what, "while being cancelled");
}

TEST_P(an_error_nobody_awaits, is_not_one_that_was_joined_nor_a_cancellation) {
  const auto sleeps = []() -> task<> { co_await dwell::sleep_for(1h); };
  const auto joins = [&]() -> task<> {
    spawn(sleeps()).detach();
    auto handle = spawn(fails_unobserved("joined for"));
    try {
      co_await handle;
    } catch (const std::runtime_error&) {
    }
  };
  dwell::run(joins(), pool());
  EXPECT_TRUE(reports.empty());
}

TEST_P(an_error_nobody_awaits, is_printed_when_there_is_no_hook) {
  dwell::set_unobserved_error_hook(nullptr);
  testing::internal::CaptureStderr();
  dwell::run(detach_until_begun(fails_unobserved("lost")), pool());
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_THAT(text, HasSubstr("dwell: a detached task ended with an error nobody awaits: lost ("));
  EXPECT_THAT(text, HasSubstr("join_test.cpp:"));
  EXPECT_THAT(text, HasSubstr("fails_unobserved"));
}

TEST_P(an_error_nobody_awaits, is_printed_even_if_it_is_no_std_exception) {
  dwell::set_unobserved_error_hook(nullptr);
  testing::internal::CaptureStderr();
  const auto throws_a_number = []() -> task<> {
    begun = true;
    throw 17;
    co_return;
  };
  dwell::run(detach_until_begun(throws_a_number()), pool());
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              HasSubstr("an exception that is no std::exception"));
}

}  // namespace
