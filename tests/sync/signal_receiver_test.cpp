// Waiting for signals of the operating system, in runtimes.
#include <atomic>
#include <chrono>
#include <csignal>
#include <gtest/gtest.h>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/task/outside_waker.hpp>

#include "support/cancel_when.hpp"
#include "support/scale.hpp"
#include "support/signalling.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::signal_receiver;
using dwell::task;
using dwell_test::has_handler;
using namespace std::chrono_literals;

class a_wait_for_signals : public dwell_test::on_workers {
 protected:
  void TearDown() override {
    on_workers::TearDown();
    for (const int each : {SIGINT, SIGTERM, SIGUSR1, SIGUSR2}) EXPECT_FALSE(has_handler(each));
    EXPECT_EQ(dwell::core::outside_waker::count(), 0);
  }

 private:
  const dwell_test::watchdog dog_{"a wait for signals"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_wait_for_signals, dwell_test::each_worker_count());

/// Raises it in a thread of its own as soon as somebody would hear it.
std::thread raised_by_a_thread(int number) {
  return std::thread([number] {
    while (!has_handler(number)) std::this_thread::yield();
    raise(number);
  });
}

TEST_P(a_wait_for_signals, ends_with_a_ctrl_c_from_another_thread) {
  std::thread outside = raised_by_a_thread(SIGINT);
  dwell::run(dwell::ctrl_c(), pool());
  outside.join();
}

TEST_P(a_wait_for_signals, ends_with_one_that_is_sent_to_the_process) {
  std::thread outside([] {
    while (!has_handler(SIGINT)) std::this_thread::yield();
    kill(getpid(), SIGINT);
  });
  dwell::run(dwell::ctrl_c(), pool());
  outside.join();
}

TEST_P(a_wait_for_signals, ends_with_one_that_a_task_raises) {
  dwell::run(
      []() -> task<> {
        auto both = dwell::gather(dwell::ctrl_c(), []() -> task<> {
          co_await dwell_test::until([] { return has_handler(SIGINT); });
          raise(SIGINT);
        }());
        co_await std::move(both);
      }(),
      pool());
}

TEST_P(a_wait_for_signals, tells_which_of_them_came) {
  dwell::run(
      []() -> task<> {
        signal_receiver either({SIGUSR1, SIGUSR2});
        raise(SIGUSR2);
        EXPECT_EQ(co_await either.receive(), SIGUSR2);
        raise(SIGUSR1);
        EXPECT_EQ(co_await either.receive(), SIGUSR1);
      }(),
      pool());
}

TEST_P(a_wait_for_signals, finds_what_came_before_it_and_counts_many_as_one) {
  dwell::run(
      []() -> task<> {
        signal_receiver either({SIGUSR1, SIGUSR2});
        signal_receiver after({SIGUSR1, SIGUSR2});
        for (int i = 0; i < 5; ++i) raise(SIGUSR1);
        // Told in the order of their numbers and after the first five: then all have been told.
        raise(SIGUSR2);
        while (co_await after.receive() != SIGUSR2) {
        }
        EXPECT_EQ(co_await either.receive(), SIGUSR1);
        EXPECT_EQ(co_await either.receive(), SIGUSR2);
        EXPECT_FALSE(co_await dwell::move_on_after(1ms, either.receive()));
      }(),
      pool());
}

TEST_P(a_wait_for_signals, takes_nothing_when_it_is_cancelled) {
  dwell::run(
      []() -> task<> {
        signal_receiver hangups({SIGUSR1});
        EXPECT_FALSE(co_await dwell::move_on_after(1ms, hangups.receive()));
        raise(SIGUSR1);
        EXPECT_EQ(co_await hangups.receive(), SIGUSR1);
      }(),
      pool());
}

TEST_P(a_wait_for_signals, takes_nothing_in_a_cancelled_scope_though_one_has_come) {
  dwell::run(
      []() -> task<> {
        signal_receiver hangups({SIGUSR1});
        signal_receiver same({SIGUSR1});
        raise(SIGUSR1);
        EXPECT_EQ(co_await same.receive(), SIGUSR1);
        const auto cancelled = [&](dwell::cancel_scope& scope) -> task<> {
          scope.cancel();
          (void)co_await hangups.receive();
        };
        EXPECT_FALSE(co_await dwell::with_cancel_scope(cancelled));
        EXPECT_EQ(co_await hangups.receive(), SIGUSR1);
      }(),
      pool());
}

TEST_P(a_wait_for_signals, gives_the_signal_back_when_it_times_out) {
  EXPECT_THROW(dwell::run(dwell::timeout(1ms, dwell::ctrl_c()), pool()), dwell::timed_out);
  EXPECT_FALSE(has_handler(SIGINT));
}

TEST_P(a_wait_for_signals, is_one_of_several_that_all_are_told) {
  dwell::run(
      []() -> task<> {
        std::atomic<int> ready{0};
        const auto waits = [&]() -> task<int> {
          signal_receiver mine({SIGUSR1});
          ++ready;
          co_return co_await mine.receive();
        };
        const auto raises = [&]() -> task<int> {
          co_await dwell_test::until([&] { return ready == 10; });
          co_return raise(SIGUSR1);
        };
        std::vector<task<int>> all;
        for (int i = 0; i < 10; ++i) all.push_back(waits());
        all.push_back(raises());
        const std::vector<int> told = co_await dwell::gather(std::move(all));
        EXPECT_EQ(std::vector<int>(told.begin(), told.end() - 1), std::vector<int>(10, SIGUSR1));
      }(),
      pool());
}

TEST_P(a_wait_for_signals, is_served_in_several_runtimes_at_once) {
  dwell::runtime one(pool());
  dwell::runtime two(pool());
  const auto waits = [](std::atomic<int>& ready) -> task<int> {
    signal_receiver mine({SIGUSR1});
    ++ready;
    co_return co_await mine.receive();
  };
  std::atomic<int> ready{0};
  auto first = one.spawn(waits(ready));
  auto second = two.spawn(waits(ready));
  while (ready < 2) std::this_thread::yield();
  raise(SIGUSR1);
  EXPECT_EQ(first.join(), SIGUSR1);
  EXPECT_EQ(second.join(), SIGUSR1);
}

// The signal and the cancel arrive in any order: the wait had it, or the next one has.
TEST_P(a_wait_for_signals, meets_its_cancel_and_loses_nothing) {
  dwell::run(
      [](std::int64_t rounds) -> task<> {
        signal_receiver hangups({SIGUSR1});
        for (std::int64_t i = 0; i < rounds; ++i) {
          const auto raced = [&](dwell::cancel_scope& scope) -> task<int> {
            auto both = dwell::gather(hangups.receive(), [](dwell::cancel_scope& s) -> task<int> {
              const int failed = raise(SIGUSR1);
              co_await dwell::yield_now();
              s.cancel();
              co_return failed;
            }(scope));
            co_return std::get<0>(co_await std::move(both));
          };
          const auto got = co_await dwell::with_cancel_scope(raced);
          const int then = got ? *got : co_await hangups.receive();
          EXPECT_EQ(then, SIGUSR1);
        }
      }(dwell_test::scaled(2'000)),
      pool());
}

}  // namespace
