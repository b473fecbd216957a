// A scope that a signal cancels, and a second signal that does not wait.
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <thread>
#include <utility>

#include <dwell/dwell.hpp>

#include "support/for_ever.hpp"
#include "support/signalling.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::task;
using dwell::until_signal;
using dwell_test::counts;
using dwell_test::has_handler;
using namespace std::chrono_literals;

class a_scope_until_a_signal : public dwell_test::on_workers {
 protected:
  void TearDown() override {
    on_workers::TearDown();
    EXPECT_FALSE(has_handler(SIGTERM));
    EXPECT_FALSE(has_handler(SIGINT));
  }

 private:
  const dwell_test::watchdog dog_{"a scope until a signal"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_scope_until_a_signal, dwell_test::each_worker_count());

std::thread raises_once_started(const counts& c, int number) {
  return std::thread([&c, number] {
    while (c.started == 0) std::this_thread::yield();
    raise(number);
  });
}

TEST_P(a_scope_until_a_signal, gives_the_value_of_a_body_that_ends_first) {
  const auto answers = []() -> task<std::unique_ptr<int>> { co_return std::make_unique<int>(42); };
  const auto got = dwell::run(until_signal({SIGTERM}, answers()), pool());
  ASSERT_TRUE(got.has_value());
  EXPECT_EQ(**got, 42);
}

TEST_P(a_scope_until_a_signal, cancels_its_body) {
  counts c;
  std::thread outside = raises_once_started(c, SIGTERM);
  EXPECT_FALSE(dwell::run(until_signal({SIGTERM, SIGINT}, sleeps_for_ever(c)), pool()));
  outside.join();
  EXPECT_EQ(c.cancelled, 1);
}

TEST_P(a_scope_until_a_signal, cancels_what_its_body_has_started) {
  counts c;
  std::thread outside = raises_once_started(c, SIGINT);
  const auto many = [](counts& each) -> task<> {
    auto all = dwell::gather(sleeps_for_ever(each), yields_for_ever(each), sleeps_for_ever(each));
    co_await std::move(all);
  };
  EXPECT_FALSE(dwell::run(until_signal({SIGTERM, SIGINT}, many(c)), pool()));
  outside.join();
  EXPECT_EQ(c.cancelled, c.started);
}

TEST_P(a_scope_until_a_signal, gives_the_value_of_a_body_that_winds_up_when_it_is_cancelled) {
  counts c;
  std::thread outside = raises_once_started(c, SIGTERM);
  const auto winds_up = [](counts& each) -> task<int> {
    try {
      co_await sleeps_for_ever(each);
    } catch (const dwell::cancelled&) {
    }
    co_await dwell::shield(dwell::sleep_for(1ms));
    co_return 7;
  };
  EXPECT_EQ(dwell::run(until_signal({SIGTERM}, winds_up(c)), pool()), 7);
  outside.join();
}

TEST_P(a_scope_until_a_signal, tells_its_cleanup_nothing_of_the_cancel) {
  counts c;
  bool cleaned = false;
  std::thread outside = raises_once_started(c, SIGTERM);
  const auto cleanup = [&]() -> task<> {
    co_await dwell::sleep_for(1ms);
    cleaned = true;
  };
  EXPECT_FALSE(
      dwell::run(until_signal({SIGTERM}, dwell::finally(sleeps_for_ever(c), cleanup)), pool()));
  outside.join();
  EXPECT_TRUE(cleaned);
}

TEST_P(a_scope_until_a_signal, calls_the_programs_own_handler_too) {
  const dwell_test::own_handler own(SIGTERM);
  counts c;
  std::thread outside = raises_once_started(c, SIGTERM);
  EXPECT_FALSE(dwell::run(until_signal({SIGTERM}, sleeps_for_ever(c)), pool()));
  outside.join();
  EXPECT_EQ(own.calls(), 1);
}

TEST_P(a_scope_until_a_signal, is_told_beside_a_wait_for_the_same) {
  std::atomic<bool> listening{false};
  const auto listens = [&]() -> task<int> {
    dwell::signal_receiver mine({SIGINT});
    listening = true;
    co_return co_await dwell::shield(mine.receive());
  };
  std::thread outside([&] {
    while (!listening) std::this_thread::yield();
    raise(SIGINT);
  });
  EXPECT_EQ(dwell::run(until_signal({SIGINT}, listens()), pool()), SIGINT);
  outside.join();
}

TEST_P(a_scope_until_a_signal, cancels_the_roots_of_several_runtimes) {
  counts c;
  std::optional<bool> first;
  std::thread other(
      [&] { first = dwell::run(until_signal({SIGTERM}, sleeps_for_ever(c)), pool()); });
  std::thread outside([&] {
    while (c.started < 2) std::this_thread::yield();
    raise(SIGTERM);
  });
  EXPECT_FALSE(dwell::run(until_signal({SIGTERM}, sleeps_for_ever(c)), pool()));
  other.join();
  outside.join();
  EXPECT_EQ(first, false);
  EXPECT_EQ(c.cancelled, 2);
}

TEST_P(a_scope_until_a_signal, begins_nothing_in_a_cancelled_scope) {
  counts c;
  const auto body = [&](dwell::cancel_scope& scope) -> task<> {
    scope.cancel();
    const dwell::signal_set stop{SIGTERM};
    (void)co_await until_signal(stop, sleeps_for_ever(c));
  };
  EXPECT_FALSE(dwell::run(dwell::with_cancel_scope(body), pool()));
  EXPECT_EQ(c.started, 0);
}

TEST_P(a_scope_until_a_signal, does_not_keep_a_deadlock_from_being_reported) {
  const auto waits_for_nobody = []() -> task<> {
    dwell::event never;
    co_await never.wait();
  };
  EXPECT_THROW((void)dwell::run(until_signal({SIGTERM}, waits_for_nobody()), pool()),
               dwell::deadlock_error);
}

TEST_P(a_scope_until_a_signal, comes_and_goes_without_a_signal) {
  dwell::run(
      []() -> task<> {
        const dwell::signal_set stop{SIGTERM};
        for (int i = 0; i < 50; ++i)
          EXPECT_TRUE(co_await until_signal(stop, dwell::sleep_for(0ms)));
      }(),
      pool());
}

class until_signal_death : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

// The body does not heed its cancel, nor does it even await.
TEST_F(until_signal_death, by_a_second_one_wherever_the_program_is) {
  const auto stubborn = []() -> task<> {
    raise(SIGTERM);
    for (;;) raise(SIGINT);
    co_return;
  };
  EXPECT_EXIT((void)dwell::run(until_signal({SIGTERM, SIGINT}, stubborn())),
              testing::KilledBySignal(SIGINT), "");
}

TEST_F(until_signal_death, by_the_next_one_after_its_end) {
  const auto raises = []() -> task<> {
    raise(SIGTERM);
    co_await dwell::sleep_for(1h);
  };
  const auto twice = [&] {
    if (!dwell::run(until_signal({SIGTERM}, raises()))) raise(SIGTERM);
    std::abort();
  };
  EXPECT_EXIT(twice(), testing::KilledBySignal(SIGTERM), "");
}

}  // namespace
