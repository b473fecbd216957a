// anyio's test_taskgroups. The number is the row in README.md.
#include <gtest/gtest.h>
#include <string>

#include <dwell/dwell.hpp>

#include "conformance/case.hpp"

namespace {

using namespace conformance;
using dwell::cancel_scope;
using dwell::event;
using dwell::task_group;
using dwell::with_task_group;

TEST(anyio_test_taskgroups, level_cancellation) {  // 93
  run_case([]() -> task<> {
    const auto body = [](cancel_scope& self) -> task<> {
      self.cancel();
      EXPECT_TRUE(co_await is_cancelled_here());
      EXPECT_EQ(co_await end_of(forever()), "cancelled");
      EXPECT_EQ(co_await end_of(forever()), "cancelled");
      co_await dwell::checkpoint();
      ADD_FAILURE() << "the last one did not throw";
    };
    EXPECT_FALSE(co_await dwell::with_cancel_scope(body));
  });
}

TEST(anyio_test_taskgroups, exception_group_host) {  // 94
  run_case([]() -> task<> {
    event begun;
    const auto body = [&](task_group& group) -> task<> {
      group.spawn(fail_when_cancelled(begun, "child"));
      co_await begun.wait();
      throw failure("host");
    };
    EXPECT_EQ(co_await end_of(with_task_group(body)), "group(host, child)");
  });
}

TEST(anyio_test_taskgroups, shielding) {  // 95
  run_case([]() -> task<> {
    bool inner_completed = false;
    bool outer_completed = false;
    const auto inner = [&]() -> task<> {
      co_await dwell::yield_now();
      inner_completed = true;
    };
    const auto body = [&](cancel_scope& self) -> task<> {
      self.cancel();
      co_await dwell::shield(inner());
      co_await forever();
      outer_completed = true;
    };
    EXPECT_FALSE(co_await dwell::with_cancel_scope(body));
    EXPECT_TRUE(inner_completed);
    EXPECT_FALSE(outer_completed);
  });
}

TEST(anyio_test_taskgroups, start_crash_before_started_call) {  // 96
  run_case([]() -> task<> {
    const auto crashes = [](dwell::task_status<>&) -> task<> {
      co_await dwell::yield_now();
      throw failure("early");
    };
    const auto body = [&](task_group& group) -> task<int> {
      EXPECT_EQ(co_await end_of(group.start(crashes)), "early");
      EXPECT_FALSE(group.cancelled()) << "the starter has it; the group goes on";
      co_return 1;
    };
    EXPECT_EQ(co_await with_task_group(body), 1);
  });
}

}  // namespace
