// single_flight: one call for all who ask meanwhile; failures are shared, cancellations are not.
#include <atomic>
#include <chrono>
#include <cstdint>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/cancel_when.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::task;
using dwell_test::until;
using flights = dwell::single_flight<std::string, int>;

class a_single_flight : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a single flight"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_single_flight, dwell_test::each_worker_count());

TEST_P(a_single_flight, makes_one_call_for_all_who_ask_meanwhile) {
  flights f;
  std::atomic<int> asking{0};
  std::atomic<int> calls{0};
  const auto fetch = [&]() -> task<int> {
    ++calls;
    co_await until([&] { return asking == 10; });
    co_await dwell::yield_now();
    co_return 7;
  };
  const auto asks = [&]() -> task<int> {
    ++asking;
    co_return co_await f.run("key", fetch);
  };
  const auto all = [&]() -> task<std::vector<int>> {
    std::vector<task<int>> children;
    for (int i = 0; i < 10; ++i) children.push_back(asks());
    co_return co_await dwell::gather(std::move(children));
  };
  EXPECT_EQ(dwell::run(all(), pool()), std::vector<int>(10, 7));
  // One may say that it asks and do so only after the call has ended.
  EXPECT_EQ(f.statistics().calls, static_cast<std::uint64_t>(calls));
  EXPECT_EQ(f.statistics().calls + f.statistics().shared, 10U);
  EXPECT_EQ(f.statistics().flights, 0U);
}

TEST_P(a_single_flight, calls_anew_for_who_comes_later_and_for_each_key) {
  flights f;
  int calls = 0;
  const auto fetch = [&]() -> task<int> { co_return ++calls; };
  const auto scenario = [&]() -> task<> {
    EXPECT_EQ(co_await f.run("a", fetch), 1);
    EXPECT_EQ(co_await f.run("a", fetch), 2);
    EXPECT_EQ(co_await f.run("b", fetch), 3);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(f.statistics().shared, 0U);
}

TEST(a_single_flight_on_one_worker, shares_a_failure) {
  flights f;
  int calls = 0;
  bool second_waits = false;
  const auto fails = [&]() -> task<int> {
    ++calls;
    co_await until([&] { return second_waits; });
    throw std::runtime_error("down");
  };
  const auto asks = [&]() -> task<std::string> {
    second_waits = calls != 0;
    try {
      (void)co_await f.run("key", fails);
    } catch (const std::runtime_error& e) {
      co_return e.what();
    }
    co_return "value";
  };
  const auto both = [&]() -> task<> {
    auto children = dwell::gather(asks(), asks());
    const auto texts = co_await std::move(children);
    EXPECT_EQ(std::get<0>(texts) + std::get<1>(texts), "downdown");
  };
  dwell_test::run_on(1, both());
  EXPECT_EQ(calls, 1);
}

TEST_P(a_single_flight, goes_on_with_the_next_when_who_runs_is_cancelled) {
  flights f;
  std::atomic<int> runs{0};
  std::atomic<bool> second_asks{false};
  const auto never = [&]() -> task<int> {
    ++runs;
    co_await dwell::sleep_for(std::chrono::hours(1));
    co_return 0;
  };
  const auto gives = []() -> task<int> { co_return 5; };
  const auto first = [&]() -> task<> { (void)co_await f.run("key", never); };
  const auto second = [&]() -> task<int> {
    co_await until([&] { return runs == 1; });
    second_asks = true;
    co_return co_await f.run("key", gives);
  };
  const auto scenario = [&]() -> task<> {
    auto cancelled = dwell_test::cancel_when(first(), [&] { return second_asks == true; });
    auto both = dwell::gather(std::move(cancelled), second());
    const auto results = co_await std::move(both);
    EXPECT_EQ(std::get<1>(results), 5);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(f.statistics().flights, 0U);
}

TEST_P(a_single_flight, loses_nobody_when_many_ask_and_some_are_cancelled) {
  const std::int64_t rounds = dwell_test::scaled(100);
  flights f;
  std::atomic<int> got{0};
  const auto fetch = [&]() -> task<int> {
    for (int i = 0; i < 3; ++i) co_await dwell::yield_now();
    co_return 1;
  };
  const auto asks = [&](int i) -> task<> {
    for (std::int64_t n = 0; n < rounds; ++n) {
      const auto run = [&, i]() -> task<int> {
        co_return co_await f.run(std::string(1, "ab"[i % 2]), fetch);
      };
      if (i % 3 == 0) {
        const auto quits = []() -> task<int> { co_return 0; };
        auto either = dwell::race(run(), quits());
        (void)co_await std::move(either);
      } else {
        got += co_await run();
      }
    }
  };
  const auto all = [&]() -> task<> {
    std::vector<task<>> children;
    for (int i = 0; i < 12; ++i) children.push_back(asks(i));
    co_await dwell::gather(std::move(children));
  };
  dwell::run(all(), pool());
  EXPECT_EQ(got, 8 * rounds);
  EXPECT_EQ(f.statistics().flights, 0U);
}

}  // namespace
