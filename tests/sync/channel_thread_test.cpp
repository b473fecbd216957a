// The ends of a channel that plain threads hold.
#include <chrono>
#include <cstdint>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <numeric>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/refusal.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::channel_closed;
using dwell::channel_receiver;
using dwell::channel_sender;
using dwell::channel_thread_receiver;
using dwell::channel_thread_sender;
using dwell::make_channel;
using dwell::task;
using dwell_test::refusal_of;
using namespace std::chrono_literals;

class a_channel_for_threads : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a channel for threads"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_channel_for_threads, dwell_test::each_worker_count());

task<std::int64_t> add_up(channel_receiver<int> from) {
  std::int64_t sum = 0;
  while (const auto item = co_await from.next()) sum += *item;
  co_return sum;
}

task<> produce(channel_sender<int> to, int count) {
  for (int i = 1; i <= count; ++i) co_await to.send(i);
}

constexpr std::int64_t sum_to(std::int64_t n) { return n * (n + 1) / 2; }

TEST_P(a_channel_for_threads, takes_items_from_threads_to_a_task) {
  const int count = static_cast<int>(dwell_test::scaled(5'000));
  for (const std::size_t capacity : {std::size_t{0}, std::size_t{4}, dwell::unbounded}) {
    auto [tx, rx] = make_channel<int>(capacity);
    std::vector<std::thread> threads;
    for (int t = 0; t < 3; ++t)
      threads.emplace_back([count, to = tx.for_threads()]() mutable {
        for (int i = 1; i <= count; ++i) to.blocking_send(i);
      });
    tx.reset();
    EXPECT_EQ(dwell::run(add_up(std::move(rx)), pool()), 3 * sum_to(count));
    for (auto& t : threads) t.join();
  }
}

TEST_P(a_channel_for_threads, takes_items_from_a_task_to_threads) {
  const int count = static_cast<int>(dwell_test::scaled(5'000));
  for (const std::size_t capacity : {std::size_t{0}, std::size_t{4}, dwell::unbounded}) {
    auto [tx, rx] = make_channel<int>(capacity);
    std::vector<std::int64_t> sums(3);
    std::vector<std::thread> threads;
    for (std::int64_t& sum : sums)
      threads.emplace_back([&sum, from = rx.for_threads()]() mutable {
        while (const auto item = from.blocking_next()) sum += *item;
      });
    rx.reset();
    dwell::run(produce(std::move(tx), count), pool());
    for (auto& t : threads) t.join();
    EXPECT_EQ(std::accumulate(sums.begin(), sums.end(), std::int64_t{0}), sum_to(count));
  }
}

TEST(a_channel_between_threads, needs_no_runtime) {
  const dwell_test::watchdog dog("a channel between threads");
  auto [tx, rx] = make_channel<int>(2);
  std::thread sender([to = tx.for_threads()]() mutable {
    for (int i = 1; i <= 1'000; ++i) to.blocking_send(i);
  });
  tx.reset();
  auto from = rx.for_threads();
  std::int64_t sum = 0;
  while (const auto item = from.blocking_next()) sum += *item;
  sender.join();
  EXPECT_EQ(sum, sum_to(1'000));
  EXPECT_THROW((void)from.blocking_receive(), channel_closed);
}

TEST(a_channel_between_threads, wakes_those_who_block_when_it_is_closed) {
  const dwell_test::watchdog dog("a channel between threads");
  auto [tx, rx] = make_channel<std::string>(0);
  std::string value = "kept by its sender";
  bool closed = false;
  std::thread sender([&, to = tx.for_threads()]() mutable {
    try {
      to.blocking_send(std::move(value));
    } catch (const channel_closed&) {
      closed = true;
    }
  });
  while (rx.statistics().waiting_senders == 0) std::this_thread::yield();
  rx.close();
  sender.join();
  EXPECT_TRUE(closed);
  EXPECT_EQ(value, "kept by its sender");
}

TEST(a_channel_between_threads, is_left_by_an_end_that_is_reset_or_assigned_to) {
  auto [tx, rx] = make_channel<int>(1);
  auto first = tx.for_threads();
  auto second = first.for_threads();
  tx.reset();
  EXPECT_EQ(rx.statistics().senders, 2U);
  first = std::move(second);
  EXPECT_EQ(rx.statistics().senders, 1U);
  first.reset();
  EXPECT_TRUE(rx.statistics().closed);
}

// ---- The deadlock report ----

template <class T>
std::string report_of(task<T> main, const dwell::settings& s) {
  try {
    dwell::run(std::move(main), s);
  } catch (const dwell::deadlock_error& e) {
    return e.what();
  }
  return "no deadlock was reported";
}

TEST_P(a_channel_for_threads, is_no_deadlock_while_a_thread_may_still_send) {
  auto [tx, rx] = make_channel<int>(0);
  std::thread late([to = tx.for_threads()]() mutable {
    std::this_thread::sleep_for(60ms);  // longer than the two looks of the report
    to.blocking_send(4);
  });
  tx.reset();
  EXPECT_EQ(dwell::run(add_up(std::move(rx)), pool()), 4);
  late.join();
}

TEST_P(a_channel_for_threads, is_no_deadlock_while_a_thread_may_still_receive) {
  auto [tx, rx] = make_channel<int>(0);
  std::thread late([from = rx.for_threads()]() mutable {
    std::this_thread::sleep_for(60ms);
    EXPECT_EQ(from.blocking_receive(), 1);
  });
  rx.reset();
  dwell::run(produce(std::move(tx), 1), pool());
  late.join();
}

TEST_P(a_channel_for_threads, ends_the_waiting_when_its_thread_gives_up_the_last_end) {
  auto [tx, rx] = make_channel<int>(0);
  std::thread late([to = tx.for_threads()]() mutable {
    std::this_thread::sleep_for(20ms);
    to.reset();
  });
  tx.reset();
  EXPECT_EQ(dwell::run(add_up(std::move(rx)), pool()), 0);
  late.join();
}

TEST_P(a_channel_for_threads, whose_senders_are_all_tasks_is_reported_when_stuck) {
  const auto forgets_an_end = []() -> task<> {
    auto [tx, rx] = make_channel<int>(1);
    co_await tx.send(1);
    co_await add_up(std::move(rx));  // tx is still there
  };
  const std::string report = report_of(forgets_an_end(), pool());
  EXPECT_THAT(report, testing::HasSubstr("awaits channel_receiver::receive"));
  EXPECT_THAT(report, testing::HasSubstr("add_up"));
}

// ---- Mistakes ----

TEST(a_channel_for_threads, says_what_to_await_instead_of_blocking_a_worker) {
  const auto main = []() -> task<> {
    auto ends = make_channel<int>(1);
    auto to = ends.first.for_threads();
    auto from = ends.second.for_threads();
    EXPECT_THAT(refusal_of([&] { to.blocking_send(1); }),
                testing::StartsWith("channel_thread_sender::blocking_send: would block a worker; "
                                    "in a task write: co_await sender.send"));
    EXPECT_THAT(refusal_of([&] { (void)from.blocking_receive(); }),
                testing::StartsWith("channel_thread_receiver::blocking_receive: would block a "
                                    "worker; in a task write: co_await receiver.receive"));
    co_return;
  };
  dwell_test::run_on(1, main());
}

}  // namespace
