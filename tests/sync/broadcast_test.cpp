// broadcast<T>: every subscriber sees every value, or hears how many it missed.
#include <cstdint>
#include <gtest/gtest.h>
#include <memory>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::broadcast_lagged;
using dwell::broadcast_receiver;
using dwell::broadcast_sender;
using dwell::channel_closed;
using dwell::make_broadcast;
using dwell::task;

class a_broadcast : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a broadcast"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_broadcast, dwell_test::each_worker_count());

std::vector<int> first_numbers(int count) {
  std::vector<int> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

task<std::vector<int>> listen(broadcast_receiver<int> from) {
  std::vector<int> heard;
  while (const auto value = co_await from.next()) heard.push_back(*value);
  co_return heard;
}

TEST_P(a_broadcast, gives_every_value_to_every_subscriber) {
  constexpr int count = 200;
  const auto sends = [](broadcast_sender<int> to) -> task<> {
    for (int i = 0; i < count; ++i) {
      EXPECT_EQ(to.send(i), 3U);
      if (i % 3 == 0) co_await dwell::yield_now();
    }
  };
  const auto scenario = [&]() -> task<> {
    auto [tx, rx] = make_broadcast<int>(count);
    auto second = tx.subscribe();
    auto third = rx.clone();
    auto all = dwell::gather(listen(std::move(rx)), listen(std::move(second)),
                             listen(std::move(third)), sends(std::move(tx)));
    const auto heard = co_await std::move(all);
    EXPECT_EQ(std::get<0>(heard), first_numbers(count));
    EXPECT_EQ(std::get<1>(heard), first_numbers(count));
    EXPECT_EQ(std::get<2>(heard), first_numbers(count));
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_broadcast, tells_a_slow_subscriber_how_many_it_missed_and_goes_on_with_what_is_left) {
  const auto scenario = []() -> task<> {
    auto [tx, rx] = make_broadcast<int>(4);
    for (int i = 0; i < 10; ++i) tx.send(i);
    std::uint64_t missed = 0;
    try {
      co_await rx.receive();
    } catch (const broadcast_lagged& e) {
      missed = e.missed();
      EXPECT_STREQ(e.what(), "broadcast: a subscriber was too slow and missed 6 values");
    }
    EXPECT_EQ(missed, 6U);
    for (int i = 6; i < 10; ++i) EXPECT_EQ(co_await rx.receive(), i);
    EXPECT_EQ(tx.statistics().missed, 6U);
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_broadcast, never_makes_one_who_waits_lag) {
  // It is given the value itself, not a place in the ring.
  const auto sends = [](broadcast_sender<int>& to) -> task<> {
    while (to.statistics().waiting == 0) co_await dwell::yield_now();
    for (int i = 0; i < 100; ++i) to.send(i);
  };
  const auto receives = [](broadcast_receiver<int>& from) -> task<int> {
    co_return co_await from.receive();
  };
  const auto scenario = [&]() -> task<> {
    auto [tx, rx] = make_broadcast<int>(1);
    auto both = dwell::gather(receives(rx), sends(tx));
    const auto results = co_await std::move(both);
    EXPECT_EQ(std::get<0>(results), 0);
    EXPECT_THROW((void)rx.try_receive(), broadcast_lagged);
    EXPECT_EQ(rx.try_receive(), 99);
  };
  dwell::run(scenario(), pool());
}

TEST(a_broadcast_tried, shows_a_late_subscriber_only_what_is_sent_after_it_came) {
  auto [tx, rx] = make_broadcast<std::string>(4);
  rx.reset();
  EXPECT_EQ(tx.send("unheard"), 0U);
  auto late = tx.subscribe();
  EXPECT_EQ(late.try_receive(), std::nullopt);
  EXPECT_EQ(tx.send("heard"), 1U);
  EXPECT_EQ(late.try_receive(), "heard");
}

TEST(a_broadcast_tried, drains_and_is_closed_when_the_last_sender_has_gone) {
  auto [tx, rx] = make_broadcast<int>(4);
  auto second = tx.clone();
  tx.send(1);
  tx.reset();
  EXPECT_FALSE(rx.statistics().closed);
  second.reset();
  EXPECT_EQ(rx.try_receive(), 1);
  EXPECT_THROW((void)rx.try_receive(), channel_closed);
}

TEST(a_broadcast_tried, refuses_values_after_close) {
  auto [tx, rx] = make_broadcast<int>(4);
  tx.close();
  EXPECT_THROW(tx.send(1), channel_closed);
  EXPECT_EQ(tx.statistics().sent, 0U);
}

TEST(a_broadcast_tried, counts_what_goes_through_it) {
  auto [tx, rx] = make_broadcast<int>(2);
  const auto other = tx.subscribe();
  for (int i = 0; i < 5; ++i) tx.send(i);
  EXPECT_THROW((void)rx.try_receive(), broadcast_lagged);
  const dwell::broadcast_statistics s = tx.statistics();
  EXPECT_EQ(s.capacity, 2U);
  EXPECT_EQ(s.senders, 1U);
  EXPECT_EQ(s.subscribers, 2U);
  EXPECT_EQ(s.waiting, 0U);
  EXPECT_EQ(s.sent, 5U);
  EXPECT_EQ(s.missed, 3U);
  EXPECT_FALSE(s.closed);
}

TEST_P(a_broadcast, wakes_everybody_who_waits_when_it_is_closed) {
  const auto waits = [](broadcast_receiver<int> from) -> task<bool> {
    try {
      co_await from.receive();
    } catch (const channel_closed&) {
      co_return true;
    }
    co_return false;
  };
  const auto closes = [](broadcast_sender<int>& to) -> task<> {
    while (to.statistics().waiting < 2) co_await dwell::yield_now();
    to.close();
  };
  const auto scenario = [&]() -> task<> {
    auto [tx, rx] = make_broadcast<int>(1);
    auto all = dwell::gather(waits(rx.clone()), waits(rx.clone()), closes(tx));
    const auto results = co_await std::move(all);
    EXPECT_TRUE(std::get<0>(results));
    EXPECT_TRUE(std::get<1>(results));
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_broadcast, has_a_value_for_the_next_receive_after_one_was_cancelled) {
  const auto receives = [](broadcast_receiver<int>& from) -> task<> { co_await from.receive(); };
  const auto fails = [](broadcast_sender<int>& to) -> task<> {
    while (to.statistics().waiting == 0) co_await dwell::yield_now();
    throw std::runtime_error("a sibling fails");
  };
  const auto scenario = [&]() -> task<> {
    auto [tx, rx] = make_broadcast<int>(2);
    bool failed = false;
    try {
      auto both = dwell::gather(receives(rx), fails(tx));
      co_await std::move(both);
    } catch (const std::runtime_error&) {
      failed = true;
    }
    EXPECT_TRUE(failed);
    EXPECT_EQ(tx.statistics().waiting, 0U);
    tx.send(8);
    EXPECT_EQ(co_await rx.receive(), 8);
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_broadcast, from_a_thread_loses_nothing_that_is_not_reported) {
  const auto count = static_cast<std::uint64_t>(dwell_test::scaled(20'000));
  const auto adds_up = [](broadcast_receiver<std::uint64_t> from) -> task<std::uint64_t> {
    std::uint64_t seen = 0;
    std::uint64_t expected = 0;
    for (;;) {
      try {
        const auto value = co_await from.next();
        if (!value) co_return seen;
        EXPECT_EQ(*value, expected);
        ++seen;
        ++expected;
      } catch (const broadcast_lagged& e) {
        seen += e.missed();
        expected += e.missed();
      }
    }
  };
  const auto scenario = [&]() -> task<> {
    auto [tx, rx] = make_broadcast<std::uint64_t>(8);
    std::thread sender([count, to = tx.for_threads()]() mutable {
      for (std::uint64_t i = 0; i < count; ++i) to.send(i);
    });
    tx.reset();
    auto both = dwell::gather(adds_up(rx.clone()), adds_up(rx.clone()));
    const auto results = co_await std::move(both);
    sender.join();
    // However late a clone was made, it began where its model stood: before the first value.
    EXPECT_EQ(std::get<0>(results), count);
    EXPECT_EQ(std::get<1>(results), count);
  };
  dwell::run(scenario(), pool());
}

TEST(a_broadcast_death, says_that_it_must_keep_something) {
  EXPECT_DEATH((void)make_broadcast<int>(0),
               "dwell: make_broadcast: a capacity of 0 keeps nothing; give 1 or more");
}

}  // namespace
