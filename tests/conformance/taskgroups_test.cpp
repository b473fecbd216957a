// asyncio's test_taskgroups. The number is the row in README.md.
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "conformance/case.hpp"

namespace {

using namespace conformance;
using dwell::event;
using dwell::spawn;
using dwell::task_group;
using dwell::with_task_group;

TEST(test_taskgroups, taskgroup_01) {  // 45
  run_case([]() -> task<> {
    const auto body = [](task_group& group) -> task<int> {
      auto first = group.spawn(give(1));
      auto second = group.spawn(give(2));
      const int left = co_await first;
      co_return left + co_await second;
    };
    EXPECT_EQ(co_await with_task_group(body), 3);
  });
}

TEST(test_taskgroups, taskgroup_03) {  // 46
  run_case([]() -> task<> {
    event begun;
    const auto body = [&](task_group& group) -> task<int> {
      auto cancelled = group.spawn(forever_once(begun));
      auto other = group.spawn(give(2));
      co_await begun.wait();
      cancelled.cancel();
      co_return co_await other;
    };
    EXPECT_EQ(co_await with_task_group(body), 2);
  });
}

TEST(test_taskgroups, cancel_children_on_child_error) {  // 47
  run_case([]() -> task<> {
    event begun;
    std::string sibling_end;
    std::string body_end;
    const auto sibling = [&]() -> task<> { sibling_end = co_await end_of(forever_once(begun)); };
    const auto body = [&](task_group& group) -> task<> {
      group.spawn(sibling());
      group.spawn(fail_after(begun, "broken"));
      body_end = co_await end_of(forever());
    };
    EXPECT_EQ(co_await end_of(with_task_group(body)), "group(broken)");
    EXPECT_EQ(sibling_end, "cancelled");
    EXPECT_EQ(body_end, "cancelled");
  });
}

TEST(test_taskgroups, cancellation) {  // 48
  run_case([]() -> task<> {
    std::atomic<int> stopped{0};
    dwell::latch begun(5);
    const auto child = [&]() -> task<> {
      begun.count_down();
      if (co_await end_of(forever()) == "cancelled") ++stopped;
      co_await dwell::checkpoint();
    };
    const auto body = [&](task_group& group) -> task<> {
      for (int i = 0; i < 5; ++i) group.spawn(child());
      co_return;
    };
    auto outer = spawn(with_task_group(body));
    co_await begun.wait();
    outer.cancel();
    EXPECT_EQ(co_await end_of_await(outer), "cancelled");
    EXPECT_EQ(stopped, 5);
  });
}

TEST(test_taskgroups, taskgroup_08) {  // 49
  run_case([]() -> task<> {
    event begun;
    const auto body = [&](task_group& group) -> task<> {
      group.spawn(fail_when_cancelled(begun, "late"));
      co_await forever();
    };
    auto outer = spawn(with_task_group(body));
    co_await begun.wait();
    outer.cancel();
    EXPECT_EQ(co_await end_of_await(outer), "group(late)");
  });
}

TEST(test_taskgroups, taskgroup_09) {  // 50
  run_case([]() -> task<> {
    std::string child_end;
    event begun;
    const auto child = [&]() -> task<> { child_end = co_await end_of(forever_once(begun)); };
    const auto body = [&](task_group& group) -> task<> {
      group.spawn(child());
      co_await begun.wait();
      throw failure("body");
    };
    EXPECT_EQ(co_await end_of(with_task_group(body)), "group(body)");
    EXPECT_EQ(child_end, "cancelled");
  });
}

TEST(test_taskgroups, taskgroup_11) {  // 51
  run_case([]() -> task<> {
    event begun;
    std::atomic<int> stopped{0};
    const auto child = [&]() -> task<> {
      if (co_await end_of(forever_once(begun)) == "cancelled") ++stopped;
    };
    const auto inner = [&](task_group& group) -> task<> {
      group.spawn(child());
      co_await forever();
    };
    const auto outer = [&](task_group&) -> task<> { co_await with_task_group(inner); };
    auto running = spawn(with_task_group(outer));
    co_await begun.wait();
    running.cancel();
    EXPECT_EQ(co_await end_of_await(running), "cancelled");
    EXPECT_EQ(stopped, 1);
  });
}

TEST(test_taskgroups, taskgroup_13) {  // 52
  run_case([]() -> task<> {
    event begun;
    std::string inner_end;
    const auto inner = [&](task_group& group) -> task<> {
      group.spawn(forever_once(begun));
      co_await forever();
    };
    const auto outer = [&](task_group& group) -> task<> {
      group.spawn(fail_after(begun, "outer"));
      inner_end = co_await end_of(with_task_group(inner));
    };
    EXPECT_EQ(co_await end_of(with_task_group(outer)), "group(outer)");
    EXPECT_EQ(inner_end, "cancelled");
  });
}

TEST(test_taskgroups, taskgroup_14) {  // 53
  run_case([]() -> task<> {
    event begun;
    const auto inner = [&](task_group& group) -> task<> {
      group.spawn(fail_after(begun, "inner"));
      co_await forever();
    };
    const auto outer = [&](task_group& group) -> task<> {
      group.spawn(forever_once(begun));
      co_await with_task_group(inner);
    };
    EXPECT_EQ(co_await end_of(with_task_group(outer)), "group(group(inner))");
  });
}

TEST(test_taskgroups, taskgroup_15) {  // 54, differs
  run_case([]() -> task<> {
    event begun;
    event child_begun;
    const auto body = [&](task_group& group) -> task<> {
      group.spawn(fail_when_cancelled(child_begun, "crash"));
      co_await child_begun.wait();
      co_await forever_once(begun);
    };
    auto outer = spawn(with_task_group(body));
    co_await begun.wait();
    outer.cancel();
    EXPECT_EQ(co_await end_of_await(outer), "group(crash)") << "body and child stop together";
  });
}

TEST(test_taskgroups, taskgroup_18) {  // 55
  run_case([]() -> task<> {
    event begun;
    const auto body = [&](task_group& group) -> task<int> {
      group.spawn(forever());
      co_return co_await fail_when_cancelled(begun, "body");
    };
    auto outer = spawn(with_task_group(body));
    co_await begun.wait();
    outer.cancel();
    EXPECT_EQ(co_await end_of_await(outer), "group(body)");
  });
}

TEST(test_taskgroups, taskgroup_19) {  // 56
  run_case([]() -> task<> {
    event begun;
    const auto body = [&](task_group& group) -> task<int> {
      group.spawn(fail_after(begun, "child"));
      co_return co_await fail_when_cancelled(begun, "body");
    };
    EXPECT_EQ(co_await end_of(with_task_group(body)), "group(child, body)");
  });
}

task<> die(event& begun) {
  co_await begun.wait();
  throw 42;  // no std::exception
}

TEST(test_taskgroups, taskgroup_20) {  // 57, differs
  run_case([]() -> task<> {
    event begun;
    const auto body = [&](task_group& group) -> task<> {
      group.spawn(die(begun));
      co_await forever_once(begun);
    };
    EXPECT_EQ(co_await end_of(with_task_group(body)), "group(fatal)");
  });
}

TEST(test_taskgroups, taskgroup_20a) {  // 58
  run_case([]() -> task<> {
    event begun;
    const auto body = [&](task_group& group) -> task<> {
      group.spawn(die(begun));
      try {
        co_await forever_once(begun);
      } catch (const dwell::cancelled&) {
        throw 43;
      }
    };
    EXPECT_EQ(co_await end_of(with_task_group(body)), "group(fatal, fatal)");
  });
}

TEST(test_taskgroups, taskgroup_24) {  // 59
  run_case([]() -> task<> {
    std::atomic<int> ran{0};
    const auto grandchild = [&]() -> task<> {
      ++ran;
      co_return;
    };
    const auto body = [&](task_group& group) -> task<> {
      const auto child = [&]() -> task<> {
        group.spawn(grandchild());
        group.spawn(grandchild());
        co_return;
      };
      co_await group.spawn(child());
    };
    co_await with_task_group(body);
    EXPECT_EQ(ran, 2);
  });
}

TEST(test_taskgroups, taskgroup_25) {  // 60
  run_case([]() -> task<> {
    event enough;
    const auto body = [&](task_group& group) -> task<> {
      group.spawn(fail_after(enough, "enough"));
      for (int i = 0;; ++i) {
        group.spawn(forever());
        if (i == 10) enough.set();
        co_await dwell::yield_now();
      }
    };
    EXPECT_EQ(co_await end_of(with_task_group(body)), "group(enough)");
  });
}

TEST(test_taskgroups, no_create_task_after_failure) {  // 61, differs
  run_case([]() -> task<> {
    event go;
    bool ran = false;
    const auto late = [&]() -> task<> {
      ran = true;
      co_return;
    };
    const auto body = [&](task_group& group) -> task<> {
      go.set();
      group.spawn(fail_after(go, "broken"));
      EXPECT_EQ(co_await end_of(forever()), "cancelled");
      auto refused = group.spawn(late());
      EXPECT_TRUE(refused.done());
      EXPECT_EQ(co_await end_of(dwell::shield(refused)), "cancelled");
    };
    EXPECT_EQ(co_await end_of(with_task_group(body)), "group(broken)");
    EXPECT_FALSE(ran);
  });
}

TEST(test_taskgroups, context_manager_exit_raises) {  // 62
  run_case([]() -> task<> {
    event begun;
    const auto manages = [&]() -> task<> { co_await fail_when_cancelled(begun, "exit"); };
    const auto body = [&](task_group& group) -> task<> {
      group.spawn(fail_after(begun, "child"));
      co_await manages();
    };
    EXPECT_EQ(co_await end_of(with_task_group(body)), "group(child, exit)");
    EXPECT_FALSE(co_await is_cancelled_here());
  });
}

// The body's result uses the group when it goes: after the group's end.
struct uses_late {
  task_group& group;
  explicit uses_late(task_group& g) noexcept : group(g) {}
  uses_late(const uses_late&) noexcept = default;
  uses_late& operator=(const uses_late&) = delete;
  ~uses_late() { group.cancel(); }
};

TEST(test_taskgroups_death, finished) {  // 63, differs
  const auto body = [](task_group& group) -> task<uses_late> {
    const uses_late result(group);
    co_return result;
  };
  EXPECT_DEATH(run_case([&] { return with_task_group(body); }), "the group has ended");
}

TEST(test_taskgroups, cancelling_level_preserved) {  // 64
  run_case([]() -> task<> {
    event go(true);
    const auto body = [&](task_group& group) -> task<> {
      group.spawn(fail_after(go, "broken"));
      co_await forever();
    };
    EXPECT_EQ(co_await end_of(with_task_group(body)), "group(broken)");
    EXPECT_FALSE(co_await is_cancelled_here());
    co_await dwell::sleep_for(std::chrono::microseconds(1));
  });
}

TEST(test_taskgroups, nested_groups_both_cancelled) {  // 65
  run_case([]() -> task<> {
    dwell::latch begun(2);
    std::atomic<int> stopped{0};
    const auto child = [&]() -> task<> {
      begun.count_down();
      if (co_await end_of(forever()) == "cancelled") ++stopped;
    };
    const auto inner = [&](task_group& group) -> task<> {
      group.spawn(child());
      co_await forever();
    };
    const auto outer = [&](task_group& group) -> task<> {
      group.spawn(child());
      EXPECT_EQ(co_await end_of(with_task_group(inner)), "cancelled");
      EXPECT_TRUE(co_await is_cancelled_here());
      co_await dwell::checkpoint();
    };
    auto running = spawn(with_task_group(outer));
    co_await begun.wait();
    running.cancel();
    EXPECT_EQ(co_await end_of_await(running), "cancelled");
    EXPECT_EQ(stopped, 2);
  });
}

TEST(test_taskgroups, error_and_cancel) {  // 66
  run_case([]() -> task<> {
    event begun;
    const auto body = [&](task_group& group) -> task<> {
      group.spawn(fail_when_cancelled(begun, "broken"));
      co_await forever();
    };
    const auto swallows = [&]() -> task<> {
      EXPECT_EQ(co_await end_of(with_task_group(body)), "group(broken)");
      co_await forever();
    };
    auto outer = spawn(swallows());
    co_await begun.wait();
    outer.cancel();
    EXPECT_EQ(co_await end_of_await(outer), "cancelled");
  });
}

}  // namespace
