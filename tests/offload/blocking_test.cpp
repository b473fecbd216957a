// blocking(): what a function gives comes back, on a thread that is no worker, and waits go on.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/task/context.hpp>

#include "offload/waiting.hpp"
#include "support/gate.hpp"
#include "support/scale.hpp"
#include "support/tracked.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::blocking;
using dwell::gather;
using dwell::task;
using dwell_test::gate;
using dwell_test::tracked;
using dwell_test::until;
using namespace std::chrono_literals;

class a_blocking_call : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a blocking call"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_blocking_call, dwell_test::each_worker_count());

int add(int a, int b) { return a + b; }

TEST_P(a_blocking_call, gives_what_the_function_returns) {
  const auto main = []() -> task<int> { co_return co_await blocking(add, 40, 2); };
  EXPECT_EQ(dwell::run(main(), pool()), 42);
}

TEST_P(a_blocking_call, may_return_nothing) {
  std::atomic<bool> called{false};
  const auto main = [&]() -> task<> { co_await blocking([&] { called = true; }); };
  dwell::run(main(), pool());
  EXPECT_TRUE(called);
}

TEST_P(a_blocking_call, may_return_a_reference) {
  int value = 1;
  const auto main = [&]() -> task<> {
    int& same = co_await blocking([&]() -> int& { return value; });
    same = 2;
  };
  dwell::run(main(), pool());
  EXPECT_EQ(value, 2);
}

TEST_P(a_blocking_call, moves_what_can_only_be_moved) {
  const auto twice = [](std::unique_ptr<int> p) {
    *p *= 2;
    return p;
  };
  const auto main = [&]() -> task<int> {
    auto given = std::make_unique<int>(21);
    const auto back = co_await blocking(twice, std::move(given));
    co_return *back;
  };
  EXPECT_EQ(dwell::run(main(), pool()), 42);
}

TEST_P(a_blocking_call, throws_what_the_function_throws) {
  const auto main = []() -> task<std::string> {
    try {
      co_await blocking([] { throw std::runtime_error("no such file"); });
    } catch (const std::runtime_error& error) {
      co_return error.what();
    }
    co_return "nothing was thrown";
  };
  EXPECT_EQ(dwell::run(main(), pool()), "no such file");
}

TEST_P(a_blocking_call, destroys_function_arguments_and_result_once) {
  const auto main = []() -> task<> {
    auto call = blocking(
        [kept = tracked(2)](tracked t) { return tracked(t.value() + kept.value()); }, tracked(1));
    const tracked result = co_await call;
    EXPECT_EQ(result.value(), 3);
  };
  dwell::run(main(), pool());
  EXPECT_EQ(tracked::alive(), 0);
}

TEST_P(a_blocking_call, runs_on_a_thread_that_is_no_worker) {
  const auto main = []() -> task<bool> {
    co_return co_await blocking([] { return dwell::core::current_context == nullptr; });
  };
  EXPECT_TRUE(dwell::run(main(), pool()));
}

TEST_P(a_blocking_call, starts_nothing_until_it_is_awaited) {
  std::atomic<bool> called{false};
  const auto main = [&]() -> task<> {
    auto later = blocking([&] { called = true; });
    co_await dwell::sleep_for(1ms);
    EXPECT_FALSE(called);
    co_await later;
    EXPECT_TRUE(called);
  };
  dwell::run(main(), pool());
}

TEST_P(a_blocking_call, goes_where_a_task_goes) {
  const auto main = []() -> task<int> {
    auto both = co_await gather(blocking(add, 1, 2), blocking(add, 3, 4));
    auto spawned = dwell::spawn(blocking(add, 5, 6));
    const int third = co_await spawned;
    co_return std::get<0>(both) + std::get<1>(both) + third;
  };
  EXPECT_EQ(dwell::run(main(), pool()), 21);
}

TEST_P(a_blocking_call, may_be_one_of_many) {
  const auto calls = static_cast<int>(dwell_test::scaled(2'000));
  const auto main = [&]() -> task<> {
    std::vector<task<int>> many;
    for (int i = 0; i < calls; ++i) many.push_back(blocking(add, i, 1));
    const auto results = co_await gather(std::move(many));
    for (int i = 0; i < calls; ++i) EXPECT_EQ(results[static_cast<std::size_t>(i)], i + 1);
  };
  dwell::settings s = pool();
  s.blocking_threads = 16;
  dwell::run(main(), s);
}

// ---- The stop token ----

TEST_P(a_blocking_call, gets_a_stop_token_if_it_takes_one) {
  const auto main = []() -> task<int> {
    co_return co_await blocking(
        [](const std::stop_token& stop, int value) {
          return stop.stop_possible() && !stop.stop_requested() ? value : -1;
        },
        7);
  };
  EXPECT_EQ(dwell::run(main(), pool()), 7);
}

// ---- The limit and the order ----

TEST_P(a_blocking_call, never_makes_more_threads_than_the_limit) {
  constexpr int limit = 3;
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  const auto counts = [&] {
    const int now = ++inside;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
    }
    std::this_thread::sleep_for(1ms);
    --inside;
  };
  const auto main = [&]() -> task<> {
    std::vector<task<>> many;
    for (int i = 0; i < 30; ++i) many.push_back(blocking(counts));
    co_await gather(std::move(many));
  };
  dwell::settings s = pool();
  s.blocking_threads = limit;
  dwell::run(main(), s);
  EXPECT_LE(most, limit);
  EXPECT_GE(most, 1);
}

TEST_P(a_blocking_call, waits_its_turn_first_come_first_served) {
  std::vector<int> order;
  const auto main = [&]() -> task<> {
    gate hold;
    std::vector<dwell::join_handle<>> handles;
    handles.push_back(dwell::spawn(blocking([&] { hold.pass(); })));
    for (std::size_t i = 0; i < 20; ++i) {
      // One thread, so one at a time writes; and the next is queued only after this one.
      handles.push_back(
          dwell::spawn(blocking([&order, i] { order.push_back(static_cast<int>(i)); })));
      co_await dwell::sleep_for(200us);
    }
    hold.open();
    for (auto& handle : handles) co_await handle;
  };
  dwell::settings s = pool();
  s.threads = 1;
  s.blocking_threads = 1;
  dwell::run(main(), s);
  std::vector<int> sorted = order;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(order.size(), 20U);
  EXPECT_EQ(order, sorted);
}

TEST_P(a_blocking_call, keeps_no_waits_from_going_on) {
  // Every thread there may be is held, and the waits that open the gate come to their end.
  gate hold;
  const auto waits = [&]() -> task<> {
    for (int i = 0; i < 10; ++i) co_await dwell::sleep_for(100us);
    hold.open();
  };
  const auto main = [&]() -> task<> {
    std::vector<task<>> all;
    for (int i = 0; i < 4; ++i) all.push_back(blocking([&] { hold.pass(); }));
    all.push_back(waits());
    co_await gather(std::move(all));
  };
  dwell::settings s = pool();
  s.blocking_threads = 2;
  dwell::run(main(), s);
  EXPECT_TRUE(hold.is_open());
}

// ---- Beside the rest of the runtime ----

TEST_P(a_blocking_call, is_no_deadlock_while_it_runs) {
  const auto main = []() -> task<int> {
    co_return co_await blocking([] {
      std::this_thread::sleep_for(300ms);  // longer than two looks for a deadlock take
      return 5;
    });
  };
  EXPECT_EQ(dwell::run(main(), pool()), 5);
}

TEST_P(a_blocking_call, may_use_its_runtime_as_any_plain_thread) {
  dwell::runtime rt(pool());
  const auto inner = []() -> task<int> {
    co_await dwell::sleep_for(1ms);
    co_return 20;
  };
  const auto main = [&]() -> task<int> {
    co_return co_await blocking([&] { return rt.run(inner()) + rt.spawn(inner()).join(); });
  };
  EXPECT_EQ(rt.run(main()), 40);
}

TEST_P(a_blocking_call, shows_in_the_statistics) {
  dwell::runtime rt(pool());
  gate hold;
  const auto main = [&]() -> task<> {
    auto held = dwell::spawn(blocking([&] { hold.pass(); }));
    co_await until([&] { return rt.statistics().blocking_threads == 1; });
    hold.open();
    co_await held;
    co_await until([&] { return rt.statistics().blocking_idle == 1; });
    EXPECT_EQ(rt.statistics().blocking_queued, 0U);
  };
  rt.run(main());
}

TEST(blocking_death, needs_a_runtime) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(dwell::offload::current_runners("blocking"),
               "dwell: blocking: needs a runtime: call it from a coroutine inside dwell::run");
}

}  // namespace
