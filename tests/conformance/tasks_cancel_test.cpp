// asyncio's test_tasks: cancel, wait and what is left. The number is the row in README.md.
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "conformance/case.hpp"

namespace {

using namespace conformance;
using namespace std::chrono_literals;
using dwell::cancel_scope;
using dwell::event;
using dwell::join_handle;
using dwell::spawn;

TEST(test_tasks, cancel) {  // 19
  run_case([]() -> task<> {
    event begun;
    auto child = spawn(forever_once(begun));
    co_await begun.wait();
    EXPECT_TRUE(child.cancel());
    EXPECT_FALSE(child.cancel());
    co_await child.wait();
    EXPECT_TRUE(child.done());
    EXPECT_FALSE(child.cancel());
    EXPECT_EQ(co_await end_of_await(child), "cancelled");
  });
}

TEST(test_tasks, cancel_yield) {  // 20
  run_case([]() -> task<> {
    event begun;
    const auto yields = [&]() -> task<> {
      begun.set();
      for (;;) co_await dwell::yield_now();
    };
    auto child = spawn(yields());
    co_await begun.wait();
    child.cancel();
    EXPECT_EQ(co_await end_of_await(child), "cancelled");
  });
}

TEST(test_tasks, cancel_inner_future) {  // 21
  run_case([]() -> task<> {
    event begun;
    auto inner = spawn(forever_once(begun));
    const auto waits = [&]() -> task<int> { co_return co_await inner; };
    auto outer = spawn(waits());
    co_await begun.wait();
    inner.cancel();
    EXPECT_EQ(co_await end_of_await(outer), "cancelled");
  });
}

TEST(test_tasks, cancel_both_task_and_inner_future) {  // 22
  run_case([]() -> task<> {
    event begun;
    auto inner = spawn(forever_once(begun));
    const auto waits = [&]() -> task<int> { co_return co_await inner; };
    auto outer = spawn(waits());
    co_await begun.wait();
    inner.cancel();
    outer.cancel();
    EXPECT_EQ(co_await end_of_await(outer), "cancelled");
    co_await dwell::yield_now();
    if (inner.joinable()) {
      EXPECT_EQ(co_await end_of_await(inner), "cancelled");
    }
  });
}

TEST(test_tasks, cancel_task_catching) {  // 23
  run_case([]() -> task<> {
    event begun;
    const auto catches = [&]() -> task<int> {
      try {
        co_await forever_once(begun);
      } catch (const dwell::cancelled&) {
        co_return 42;
      }
      co_return 0;
    };
    auto child = spawn(catches());
    co_await begun.wait();
    EXPECT_TRUE(child.cancel());
    EXPECT_EQ(co_await child, 42);
  });
}

TEST(test_tasks, cancel_task_ignoring) {  // 24, differs
  run_case([]() -> task<> {
    event begun;
    const auto ignores = [&]() -> task<int> {
      EXPECT_EQ(co_await end_of(forever_once(begun)), "cancelled");
      EXPECT_EQ(co_await end_of(forever()), "cancelled") << "each await that waits throws";
      const auto works = []() -> task<int> {
        co_await dwell::yield_now();
        co_return 42;
      };
      co_return co_await dwell::shield(works());
    };
    auto child = spawn(ignores());
    co_await begun.wait();
    child.cancel();
    EXPECT_EQ(co_await child, 42) << "but not in a shield";
  });
}

TEST(test_tasks, cancel_current_task) {  // 25
  run_case([]() -> task<> {
    bool went_on = false;
    const auto body = [&](cancel_scope& self) -> task<> {
      self.cancel();
      went_on = true;
      co_await forever();
      ADD_FAILURE() << "the await returned";
    };
    EXPECT_FALSE(co_await dwell::with_cancel_scope(body));
    EXPECT_TRUE(went_on);
  });
}

TEST(test_tasks, cancel_at_end) {  // 26, differs
  run_case([]() -> task<> {
    const auto body = [](cancel_scope& self) -> task<int> {
      self.cancel();
      co_return 7;
    };
    EXPECT_EQ(co_await dwell::with_cancel_scope(body), 7) << "a value that is there is given";
  });
}

TEST(test_tasks, cancel_awaited_task) {  // 27, differs
  run_case([]() -> task<> {
    event begun;
    event spawned_begun;
    auto beside = spawn(forever_once(spawned_begun));
    std::string child_end;
    const auto parent = [&]() -> task<> {
      child_end = co_await end_of(forever_once(begun));
      co_await beside;
    };
    auto outer = spawn(parent());
    co_await begun.wait();
    co_await spawned_begun.wait();
    outer.cancel();
    EXPECT_EQ(co_await end_of_await(outer), "cancelled");
    EXPECT_EQ(child_end, "cancelled") << "a task that is awaited belongs to its awaiter";
    EXPECT_FALSE(beside.done()) << "one that is joined does not";
    beside.cancel();
    EXPECT_EQ(co_await end_of_await(beside), "cancelled");
  });
}

TEST(test_tasks, cancel_with_message_before_starting) {  // 28, differs
  run_case([]() -> task<> {
    bool ran = false;
    const auto body = [&](dwell::task_group& group) -> task<> {
      group.cancel("why");
      const auto child = [&]() -> task<> {
        ran = true;
        co_return;
      };
      auto handle = group.spawn(child);
      EXPECT_EQ(group.reason(), "why") << "the scope keeps it, not the exception";
      EXPECT_EQ(co_await end_of(dwell::shield(handle)), "cancelled");
    };
    co_await dwell::with_task_group(body);
    EXPECT_FALSE(ran);
  });
}

TEST(test_tasks, sleep_cancel) {  // 29
  run_case([]() -> task<> {
    event begun;
    const auto sleeps = [&]() -> task<> {
      begun.set();
      co_await dwell::sleep_for(1h);
    };
    auto child = spawn(sleeps());
    co_await begun.wait();
    child.cancel();
    EXPECT_EQ(co_await end_of_await(child), "cancelled");
  });
}

TEST(test_tasks, yield_future_passes_cancel) {  // 30, differs
  run_case([]() -> task<> {
    auto ends = dwell::make_oneshot<int>();
    auto& rx = ends.second;
    event begun;
    const auto waits = [&]() -> task<> {
      begun.set();
      co_await rx;
    };
    auto child = spawn(waits());
    co_await begun.wait();
    child.cancel();
    EXPECT_EQ(co_await end_of_await(child), "cancelled");
    ends.first.send(7);
    EXPECT_EQ(co_await rx, 7) << "the wait was cancelled, not what it waited for";
  });
}

TEST(test_tasks, yield_wait_does_not_shield_cancel) {  // 31
  run_case([]() -> task<> {
    event begun;
    event go;
    const auto works = [&]() -> task<int> {
      co_await go.wait();
      co_return 1;
    };
    auto inner = spawn(works());
    const auto waits = [&]() -> task<> {
      begun.set();
      co_await inner.wait();
    };
    auto outer = spawn(waits());
    co_await begun.wait();
    outer.cancel();
    EXPECT_EQ(co_await end_of_await(outer), "cancelled");
    go.set();
    EXPECT_EQ(co_await inner, 1);
  });
}

TEST(test_tasks, baseexception_during_cancel) {  // 32
  run_case([]() -> task<> {
    event begun;
    const auto dies = [&]() -> task<> {
      try {
        co_await forever_once(begun);
      } catch (const dwell::cancelled&) {
        throw 42;  // no std::exception
      }
    };
    auto child = spawn(dies());
    co_await begun.wait();
    child.cancel();
    int caught = 0;
    try {
      co_await child;
    } catch (int fatal) {
      caught = fatal;
    }
    EXPECT_EQ(caught, 42);
  });
}

TEST(test_tasks, cancelling) {  // 33, differs
  run_case([]() -> task<> {
    event begun;
    std::atomic<int> caught{0};
    const auto counts = [&]() -> task<> {
      if (co_await end_of(forever_once(begun)) == "cancelled") ++caught;
    };
    auto child = spawn(counts());
    co_await begun.wait();
    EXPECT_TRUE(child.cancel());
    EXPECT_FALSE(child.cancel()) << "cancelled or not: there is no count";
    co_await child;
    EXPECT_EQ(caught, 1);
  });
}

TEST(test_tasks, uncancel_basic) {  // 34, differs
  run_case([]() -> task<> {
    const auto body = [](cancel_scope& self) -> task<> {
      self.cancel();
      co_await forever();
    };
    for (int i = 0; i < 2; ++i) {
      EXPECT_FALSE(co_await dwell::with_cancel_scope(body));
      EXPECT_FALSE(co_await is_cancelled_here()) << "the end of a scope ends its cancellation";
    }
  });
}

TEST(test_tasks, uncancel_structured_blocks) {  // 35
  run_case([]() -> task<> {
    event done;
    EXPECT_FALSE(co_await dwell::move_on_after(2ms, forever()));
    const auto sets = [&]() -> task<> {
      co_await dwell::yield_now();
      done.set();
    };
    co_await sets();
    co_await done.wait();
  });
}

TEST(test_tasks, uncancel_resets_must_cancel) {  // 36, differs
  run_case([]() -> task<> {
    const auto body = [](cancel_scope& self) -> task<> {
      self.cancel();
      EXPECT_TRUE(co_await is_cancelled_here());
      EXPECT_TRUE(co_await is_cancelled_here()) << "inside, a cancel is for good";
    };
    EXPECT_TRUE(co_await dwell::with_cancel_scope(body));
    EXPECT_FALSE(co_await is_cancelled_here());
  });
}

std::vector<task<int>> two(task<int> first, task<int> second) {
  std::vector<task<int>> tasks;
  tasks.push_back(std::move(first));
  tasks.push_back(std::move(second));
  return tasks;
}

TEST(test_tasks, wait_first_completed) {  // 37, differs
  run_case([]() -> task<> {
    const auto body = [](dwell::completions<int>& ends) -> task<int> {
      const auto first = co_await ends.next();
      EXPECT_EQ(ends.remaining(), 1U) << "the other one runs on, until this body ends";
      co_return first->value();
    };
    EXPECT_EQ(co_await dwell::as_completed(two(forever(), give(5)), body), 5);
  });
}

TEST(test_tasks, wait_first_exception) {  // 38, differs
  run_case([]() -> task<> {
    event go;
    const auto waits = [&]() -> task<int> {
      co_await go.wait();
      co_return 3;
    };
    const auto body = [&](dwell::completions<int>& ends) -> task<> {
      const auto first = co_await ends.next();
      EXPECT_EQ(describe(first->error()), "broken");
      EXPECT_EQ(ends.remaining(), 1U) << "pending, and not cancelled";
      go.set();
      const auto second = co_await ends.next();
      EXPECT_EQ(second->value(), 3);
    };
    co_await dwell::as_completed(two(waits(), fail("broken")), body);
  });
}

TEST(test_tasks, as_completed_with_timeout) {  // 39
  run_case([]() -> task<> {
    const auto body = [](dwell::completions<int>& ends) -> task<> {
      const auto first = co_await ends.next();
      EXPECT_EQ(first->value(), 1);
      EXPECT_EQ(co_await end_of(dwell::timeout(2ms, ends.next())), "timed_out");
    };
    co_await dwell::as_completed(two(give(1), forever()), body);
  });
}

TEST(test_tasks, other_loop_future) {  // 40, differs
  dwell::runtime other(dwell_test::workers(1));
  run_on_threads([&]() -> task<> {
    auto foreign = other.spawn(give(1));
    EXPECT_EQ(co_await foreign, 1);
  });
}

TEST(test_tasks, task_awaits_on_itself) {  // 41, differs
  const auto awaits_itself = []() -> task<> {
    const auto self = std::make_shared<join_handle<>>();
    event known;
    const auto body = [&known](std::shared_ptr<join_handle<>> handle) -> task<> {
      const auto mine = std::move(handle);
      co_await dwell::shield(known.wait());
      co_await mine->wait();
    };
    *self = spawn(body(self));
    known.set();
    co_await self->wait();
  };
  EXPECT_THROW(run_case(awaits_itself), dwell::deadlock_error);
}

std::atomic<int> never_awaited{0};

TEST(test_tasks, log_destroyed_pending_task) {  // 42, differs
  const auto before =
      dwell::set_never_awaited_hook([](const std::source_location&) noexcept { ++never_awaited; });
  run_case([]() -> task<> {
    never_awaited = 0;
    { const task<int> dropped = give(1); }
    EXPECT_EQ(never_awaited, 1) << "a task that runs cannot be destroyed; one that never ran can";
    co_return;
  });
  dwell::set_never_awaited_hook(before);
}

TEST(test_tasks, run_coroutine_threadsafe) {  // 43
  dwell::runtime loop(dwell_test::workers(2));
  auto handle = loop.spawn(give(3));  // from a thread that is no worker
  EXPECT_EQ(handle.join(), 3);
  auto fails = loop.spawn(fail("broken"));
  EXPECT_THROW(fails.join(), failure);
}

TEST(test_tasks, sleep_zero) {  // 44
  const auto scenario = []() -> task<> {
    std::string order;
    const auto sleeps = [&]() -> task<> {
      order += 'a';
      co_await dwell::sleep_for(0s);
      order += 'c';
    };
    const auto runs = [&]() -> task<> {
      order += 'b';
      co_return;
    };
    auto both = dwell::gather(sleeps(), runs());
    co_await std::move(both);
    EXPECT_EQ(order, "abc");
  };
  run_on_threads(scenario, 1);
}

}  // namespace
