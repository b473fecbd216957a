// asyncio's test_tasks: gather and shield. The number is the row in README.md.
#include <atomic>
#include <cstddef>
#include <exception>
#include <gtest/gtest.h>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include <dwell/dwell.hpp>

#include "conformance/case.hpp"

namespace {

using namespace conformance;
using dwell::event;
using dwell::gather;

task<int> give_after(event& go, int value, event& done) {
  co_await go.wait();
  done.set();
  co_return value;
}

TEST(test_tasks, gather_success) {  // 1
  run_case([]() -> task<> {
    event first;
    event second;
    event third;
    first.set();
    auto all = gather(give_after(second, 1, third), give_after(first, 2, second));
    const auto results = co_await std::move(all);
    EXPECT_EQ(results, std::make_tuple(1, 2)) << "the second ended first";
  });
}

TEST(test_tasks, gather_one_exception) {  // 2, differs
  run_case([]() -> task<> {
    std::atomic<int> stopped{0};
    event begun;
    const auto late = [&]() -> task<int> {
      const std::string end = co_await end_of(forever_once(begun));
      if (end == "cancelled") ++stopped;
      co_return 1;
    };
    const auto gathers = [&]() -> task<> {
      co_await gather(late(), fail_after(begun, "first"), late());
    };
    EXPECT_EQ(co_await end_of(gathers()), "first");
    EXPECT_GE(stopped, 1) << "siblings are cancelled, and have ended when gather throws";
  });
}

TEST(test_tasks, gather_return_exceptions) {  // 3
  run_case([]() -> task<> {
    auto all = dwell::gather_settled(give(1), fail("broken"), give(3));
    const auto ends = co_await std::move(all);
    EXPECT_EQ(*std::get<0>(ends), 1);
    EXPECT_EQ(describe(std::get<1>(ends).error()), "broken");
    EXPECT_EQ(*std::get<2>(ends), 3);
  });
}

task<int> join(dwell::join_handle<int> handle) { co_return co_await handle; }

TEST(test_tasks, gather_one_cancellation) {  // 4
  run_case([]() -> task<> {
    auto child = dwell::spawn(forever());
    child.cancel();
    const auto gathers = [&]() -> task<> { co_await gather(give(1), join(std::move(child))); };
    EXPECT_EQ(co_await end_of(gathers()), "cancelled");
    EXPECT_FALSE(co_await is_cancelled_here()) << "only the child was cancelled";
  });
}

TEST(test_tasks, gather_result_exception_one_cancellation) {  // 5
  run_case([]() -> task<> {
    auto child = dwell::spawn(forever());
    child.cancel();
    auto all = dwell::gather_settled(give(1), join(std::move(child)), fail("broken"));
    const auto ends = co_await std::move(all);
    EXPECT_EQ(*std::get<0>(ends), 1);
    EXPECT_EQ(describe(std::get<1>(ends).error()), "cancelled");
    EXPECT_EQ(describe(std::get<2>(ends).error()), "broken");
  });
}

TEST(test_tasks, gather_empty_sequence) {  // 6
  run_case([]() -> task<> {
    auto all = gather(std::vector<task<int>>());
    const auto results = co_await std::move(all);
    EXPECT_TRUE(results.empty());
  });
}

TEST(test_tasks, gather_heterogenous_futures) {  // 7, differs
  dwell::runtime other(dwell_test::workers(1));
  run_on_threads([&]() -> task<> {
    auto all = gather(give(1), join(other.spawn(give(2))));
    const auto results = co_await std::move(all);
    EXPECT_EQ(results, std::make_tuple(1, 2)) << "a handle may be joined from another runtime";
  });
}

TEST(test_tasks, gather_duplicate_coroutines) {  // 8, differs
  static_assert(!std::is_copy_constructible_v<task<int>>, "a task cannot be given twice");
  run_case([]() -> task<> {
    int runs = 0;
    const auto counts = [&]() -> task<int> { co_return ++runs; };
    task<int> once = counts();
    auto all = gather(std::move(once), give(0));
    EXPECT_FALSE(once);  // NOLINT(bugprone-use-after-move): empty is what it is to be
    co_await std::move(all);
    EXPECT_EQ(runs, 1);
  });
}

TEST(test_tasks, gather_cancellation_broadcast) {  // 9
  run_case([]() -> task<> {
    std::atomic<int> stopped{0};
    dwell::latch begun(3);
    const auto child = [&]() -> task<int> {
      begun.count_down();
      if (co_await end_of(forever()) == "cancelled") ++stopped;
      co_return 0;
    };
    const auto gathers = [&]() -> task<> {
      co_await gather(child(), child(), child());
      co_await dwell::checkpoint();
    };
    auto outer = dwell::spawn(gathers());
    co_await begun.wait();
    EXPECT_TRUE(outer.cancel());
    EXPECT_EQ(co_await end_of_await(outer), "cancelled");
    EXPECT_EQ(stopped, 3);
  });
}

std::atomic<int> lost_errors{0};

TEST(test_tasks, gather_exception_marking) {  // 10
  lost_errors = 0;
  const auto before = dwell::set_unobserved_error_hook(
      [](std::exception_ptr, const std::source_location&) noexcept { ++lost_errors; });
  run_case([]() -> task<> {
    event begun;
    const auto gathers = [&]() -> task<> {
      co_await gather(fail_when_cancelled(begun, "second"), fail_after(begun, "first"));
    };
    EXPECT_EQ(co_await end_of(gathers()), "first");
  });
  dwell::set_unobserved_error_hook(before);
  EXPECT_EQ(lost_errors, 0);
}

TEST(test_tasks, cancel_gather_1) {  // 11
  run_case([]() -> task<> {
    const auto gathers = []() -> task<int> {
      const auto both = co_await gather(give(1), give(2));
      co_return std::get<0>(both) + std::get<1>(both);
    };
    auto outer = dwell::spawn(gathers());
    co_await outer.wait();
    EXPECT_FALSE(outer.cancel()) << "too late";
    EXPECT_EQ(co_await outer, 3);
  });
}

TEST(test_tasks, cancel_gather_2) {  // 12, differs
  run_case([]() -> task<> {
    const auto body = [](dwell::cancel_scope& scope) -> task<int> {
      const auto cancels = [&]() -> task<int> {
        scope.cancel();
        co_return 2;
      };
      auto all = gather(give(1), cancels());
      const auto both = co_await std::move(all);
      EXPECT_TRUE(co_await is_cancelled_here());
      co_return std::get<0>(both) + std::get<1>(both);
    };
    const auto sum = co_await dwell::with_cancel_scope(body);
    EXPECT_EQ(sum, 3) << "every child had its value: the cancel came too late for the gather";
  });
}

TEST(test_tasks, shield_result) {  // 13
  run_case([]() -> task<> { EXPECT_EQ(co_await dwell::shield(give(42)), 42); });
}

TEST(test_tasks, shield_exception) {  // 14
  run_case([]() -> task<> {
    const auto error = std::make_exception_ptr(failure("the same"));
    const auto throws = [&]() -> task<> {
      std::rethrow_exception(error);
      co_return;
    };
    std::exception_ptr caught;
    try {
      co_await dwell::shield(throws());
    } catch (...) {
      caught = std::current_exception();
    }
    EXPECT_EQ(caught, error);
  });
}

TEST(test_tasks, shield_cancel_inner) {  // 15
  run_case([]() -> task<> {
    auto inner = dwell::spawn(forever());
    inner.cancel();
    EXPECT_EQ(co_await end_of(dwell::shield(inner)), "cancelled");
    EXPECT_FALSE(co_await is_cancelled_here());
  });
}

// What the three next ones share: `work` runs in a task that is cancelled while it works.
struct shielded {
  event begun;
  event go;
  std::atomic<int> finished{0};

  task<int> work() {
    begun.set();
    co_await go.wait();
    ++finished;
    co_return 1;
  }
  // Cancels `outer` while it works; the work ends later.
  task<> cancel_while_working(dwell::join_handle<>& outer) {
    co_await begun.wait();
    EXPECT_TRUE(outer.cancel());
    EXPECT_EQ(finished, 0);
    go.set();
    EXPECT_EQ(co_await end_of_await(outer), "cancelled");
  }
};

TEST(test_tasks, shield_effect) {  // 16, differs
  run_case([]() -> task<> {
    shielded s;
    const auto body = [&]() -> task<> {
      EXPECT_EQ(co_await dwell::shield(s.work()), 1) << "the shield waits";
      co_await dwell::checkpoint();
    };
    auto outer = dwell::spawn(body());
    co_await s.cancel_while_working(outer);
    EXPECT_EQ(s.finished, 1);
  });
}

TEST(test_tasks, shield_gather) {  // 17, differs
  run_case([]() -> task<> {
    shielded s;
    const auto body = [&]() -> task<> {
      auto both = gather(s.work(), s.work());
      co_await dwell::shield(std::move(both));
      co_await dwell::checkpoint();
    };
    auto outer = dwell::spawn(body());
    co_await s.cancel_while_working(outer);
    EXPECT_EQ(s.finished, 2);
  });
}

TEST(test_tasks, gather_shield) {  // 18, differs
  run_case([]() -> task<> {
    shielded s;
    dwell::latch both_begun(2);
    const auto child = [&]() -> task<int> {
      both_begun.count_down();
      co_return co_await dwell::shield(s.work());
    };
    const auto body = [&]() -> task<> {
      co_await gather(child(), child());
      co_await dwell::checkpoint();
    };
    auto outer = dwell::spawn(body());
    co_await both_begun.wait();
    co_await s.cancel_while_working(outer);
    EXPECT_EQ(s.finished, 2) << "gather waits for shielded children, and has their values";
  });
}

}  // namespace
