// asyncio's test_timeouts and test_waitfor. The number is the row in README.md.
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>

#include "conformance/case.hpp"

namespace {

using namespace conformance;
using namespace std::chrono_literals;
using dwell::cancel_scope;
using dwell::event;
using dwell::spawn;
using dwell::timeout;

// A deadline that has passed, on any clock.
constexpr cancel_scope::time_point long_ago{};

// How a timeout ends whose body has begun: on a loaded machine the limit may pass before.
template <class F>
task<std::string> end_of_timeout(event& begun, F body) {
  std::string end;
  for (auto limit = 2ms; !begun.is_set(); limit *= 2) end = co_await end_of(timeout(limit, body()));
  co_return end;
}

TEST(test_timeouts, nested_timeouts) {  // 67
  run_case([]() -> task<> {
    event begun;
    std::string inner_end;
    const auto inner = [&]() -> task<> {
      inner_end = co_await end_of(timeout(1h, forever_once(begun)));
      co_await dwell::checkpoint();
    };
    EXPECT_EQ(co_await end_of_timeout(begun, inner), "timed_out");
    EXPECT_EQ(inner_end, "cancelled");
  });
}

TEST(test_timeouts, timeout_zero_sleep_zero) {  // 68
  run_case([]() -> task<> {
    const auto sleeps = []() -> task<> { co_await dwell::sleep_for(0s); };
    EXPECT_EQ(co_await end_of(timeout(0s, sleeps())), "timed_out");
  });
}

TEST(test_timeouts, foreign_exception_passed) {  // 69
  run_case([]() -> task<> { EXPECT_EQ(co_await end_of(timeout(1h, fail("own"))), "own"); });
}

TEST(test_timeouts, foreign_exception_on_timeout) {  // 70
  run_case([]() -> task<> {
    event begun;
    const auto body = [&] { return fail_when_cancelled(begun, "own"); };
    EXPECT_EQ(co_await end_of_timeout(begun, body), "own");
  });
}

TEST(test_timeouts, foreign_cancel_doesnt_timeout_if_not_expired) {  // 71
  run_case([]() -> task<> {
    event begun;
    auto outer = spawn(timeout(1h, forever_once(begun)));
    co_await begun.wait();
    outer.cancel();
    EXPECT_EQ(co_await end_of_await(outer), "cancelled");
  });
}

TEST(test_timeouts, outer_task_is_not_cancelled) {  // 72
  run_case([]() -> task<> {
    EXPECT_EQ(co_await end_of(timeout(2ms, forever())), "timed_out");
    EXPECT_FALSE(co_await is_cancelled_here());
    co_await dwell::sleep_for(1us);
  });
}

TEST(test_timeouts, nested_timeouts_loop_busy) {  // 73
  run_case([]() -> task<> {
    std::string inner_end;
    const auto outer = [&](cancel_scope& outer_scope) -> task<> {
      const auto inner = [&](cancel_scope& inner_scope) -> task<> {
        outer_scope.set_deadline(long_ago);  // both pass while nobody awaits
        inner_scope.set_deadline(long_ago);
        co_await forever();
      };
      inner_end = co_await end_of(dwell::with_cancel_scope(inner));
      co_await dwell::checkpoint();
    };
    EXPECT_FALSE(co_await dwell::with_cancel_scope(outer));
    EXPECT_EQ(inner_end, "cancelled") << "the outer one beats the inner";
  });
}

TEST(test_timeouts, reschedule) {  // 74
  run_case([]() -> task<> {
    dwell::cancel_scope_options soon;
    soon.deadline = cancel_scope::time_point::max();
    const auto nearer = [](cancel_scope& self) -> task<> {
      self.set_deadline(long_ago);
      co_await forever();
    };
    EXPECT_FALSE(co_await dwell::with_cancel_scope(nearer, soon));
    const auto taken_away = [](cancel_scope& self) -> task<> {
      const auto before = self.deadline();
      self.set_deadline(before + 1h);
      EXPECT_EQ(self.deadline(), before + 1h);
      self.set_deadline(cancel_scope::time_point::max());
      co_await dwell::sleep_for(1us);
    };
    soon.deadline = cancel_scope::time_point::max() - 2h;
    EXPECT_TRUE(co_await dwell::with_cancel_scope(taken_away, soon));
  });
}

TEST(test_timeouts, timeout_after_cancellation) {  // 75, differs
  run_case([]() -> task<> {
    const auto body = [](cancel_scope& self) -> task<> {
      self.cancel();
      EXPECT_EQ(co_await end_of(timeout(1ms, forever())), "cancelled") << "the level stays";
      EXPECT_EQ(co_await end_of(dwell::shield(timeout(1ms, forever()))), "timed_out");
    };
    EXPECT_TRUE(co_await dwell::with_cancel_scope(body));
  });
}

TEST(test_timeouts, timeout_taskgroup) {  // 76
  run_case([]() -> task<> {
    event begun;
    const auto body = [&](dwell::task_group& group) -> task<> {
      group.spawn(fail_when_cancelled(begun, "child"));
      co_await begun.wait();
      co_await forever();
    };
    const auto scope_body = [&](cancel_scope& self) -> task<> {
      const auto expires = [&]() -> task<> {
        co_await begun.wait();
        self.set_deadline(long_ago);
      };
      co_await dwell::gather(dwell::with_task_group(body), expires());
    };
    EXPECT_EQ(co_await end_of(dwell::with_cancel_scope(scope_body)), "group(child)");
  });
}

TEST(test_waitfor, wait_for_timeout_coroutine_do_not_started) {  // 77
  run_case([]() -> task<> {
    bool started = false;
    const auto starts = [&]() -> task<> {
      started = true;
      co_return;
    };
    EXPECT_EQ(co_await end_of(timeout(0s, starts())), "timed_out");
    EXPECT_FALSE(started);
  });
}

TEST(test_waitfor, wait_for_race_condition) {  // 78
  run_case([]() -> task<> {
    const auto body = [](cancel_scope& self) -> task<int> {
      self.set_deadline(long_ago);
      co_return 7;
    };
    EXPECT_EQ(co_await dwell::with_cancel_scope(body), 7);
  });
}

TEST(test_waitfor, wait_for_waits_for_task_cancellation) {  // 79
  run_case([]() -> task<> {
    event begun;
    bool cleaned = false;
    const auto cleanup = [&]() -> task<> {
      co_await dwell::sleep_for(1ms);
      cleaned = true;
    };
    const auto body = [&] { return dwell::finally(forever_once(begun), cleanup); };
    EXPECT_EQ(co_await end_of_timeout(begun, body), "timed_out");
    EXPECT_TRUE(cleaned) << "the timeout is thrown after it";
  });
}

TEST(test_waitfor, wait_for_reraises_exception_during_cancellation) {  // 80
  run_case([]() -> task<> {
    event begun;
    const auto cleanup_fails = [&]() -> task<> {
      const auto cleanup = []() -> task<int> { co_return co_await fail("cleanup"); };
      if (co_await end_of(forever_once(begun)) == "cancelled") co_await dwell::shield(cleanup());
    };
    EXPECT_EQ(co_await end_of_timeout(begun, cleanup_fails), "cleanup");
  });
}

TEST(test_waitfor, cancel_wait_for) {  // 81
  run_case([]() -> task<> {
    event begun;
    std::string inner_end;
    const auto inner = [&]() -> task<> {
      inner_end = co_await end_of(forever_once(begun));
      co_await dwell::checkpoint();
    };
    auto outer = spawn(timeout(1h, inner()));
    co_await begun.wait();
    outer.cancel();
    EXPECT_EQ(co_await end_of_await(outer), "cancelled");
    EXPECT_EQ(inner_end, "cancelled");
  });
}

TEST(test_waitfor, wait_for_cancel_suppressed) {  // 82
  run_case([]() -> task<> {
    event begun;
    int given = 0;
    const auto suppresses = [&]() -> task<int> {
      if (co_await end_of(forever_once(begun)) == "cancelled") co_return 42;
      co_return 0;
    };
    const auto takes = [&]() -> task<> { given = co_await timeout(2ms, suppresses()); };
    while (!begun.is_set()) (void)co_await end_of(takes());
    EXPECT_EQ(given, 42);
  });
}

TEST(test_waitfor, shielded_timeout) {  // 83, differs
  run_case([]() -> task<> {
    event go;
    const auto works = [&]() -> task<int> {
      co_await go.wait();
      co_return 1;
    };
    auto inner = spawn(works());
    EXPECT_EQ(co_await end_of(timeout(2ms, inner.wait())), "timed_out");
    EXPECT_FALSE(inner.done()) << "who joins may give up, the task runs on";
    go.set();
    EXPECT_EQ(co_await inner, 1);
    const auto late = [](cancel_scope& self) -> task<int> {
      self.set_deadline(long_ago);
      co_return co_await dwell::shield(give(2));
    };
    EXPECT_EQ(co_await dwell::with_cancel_scope(late), 2) << "a shield is waited for";
  });
}

}  // namespace
