// watch<T>: the latest value, and who waits for another.
#include <cstdint>
#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>

#include <dwell/dwell.hpp>

#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::channel_closed;
using dwell::make_watch;
using dwell::task;
using dwell::watch_receiver;
using dwell::watch_sender;

class a_watch : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a watch"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_watch, dwell_test::each_worker_count());

TEST(a_watch_read, gives_the_latest_value_to_everybody) {
  auto [tx, rx] = make_watch<std::string>("initial");
  auto other = rx.clone();
  EXPECT_EQ(rx.get(), "initial");
  tx.send("second");
  tx.send("third");
  EXPECT_EQ(rx.get(), "third");
  EXPECT_EQ(other.get(), "third");
  EXPECT_EQ(tx.get(), "third");
}

TEST(a_watch_read, keeps_its_value_when_its_senders_have_gone) {
  auto [tx, rx] = make_watch<int>(1);
  tx.send(2);
  tx.reset();
  EXPECT_EQ(rx.get(), 2);
  EXPECT_TRUE(rx.statistics().closed);
}

TEST(a_watch_read, changes_no_more_after_close) {
  auto [tx, rx] = make_watch<int>(1);
  tx.close();
  EXPECT_THROW(tx.send(2), channel_closed);
  EXPECT_EQ(rx.get(), 1);
  EXPECT_EQ(rx.statistics().version, 0U);
}

TEST(a_watch_read, frees_a_value_when_it_is_replaced_and_nobody_reads_it) {
  const auto first = std::make_shared<int>(1);
  auto [tx, rx] = make_watch<std::shared_ptr<int>>(first);
  EXPECT_EQ(first.use_count(), 2);
  tx.send(nullptr);
  EXPECT_EQ(first.use_count(), 1);
}

TEST_P(a_watch, tells_of_many_changes_once) {
  const auto scenario = []() -> task<> {
    auto [tx, rx] = make_watch<int>(0);
    for (int i = 1; i <= 5; ++i) tx.send(i);
    EXPECT_TRUE(co_await rx.changed());
    EXPECT_EQ(rx.get(), 5);
    tx.close();
    EXPECT_FALSE(co_await rx.changed());
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_watch, tells_of_a_last_change_before_it_says_that_it_is_closed) {
  const auto scenario = []() -> task<> {
    auto [tx, rx] = make_watch<int>(0);
    tx.send(1);
    tx.reset();
    EXPECT_TRUE(co_await rx.changed());
    EXPECT_FALSE(co_await rx.changed());
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_watch, counts_a_value_that_was_read_as_seen) {
  const auto scenario = []() -> task<> {
    auto [tx, rx] = make_watch<int>(0);
    tx.send(1);
    auto late = tx.subscribe();
    EXPECT_EQ(rx.get(), 1);
    tx.close();
    EXPECT_FALSE(co_await rx.changed());
    EXPECT_FALSE(co_await late.changed());
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_watch, wakes_everybody_who_waits_for_a_change) {
  const auto waits = [](watch_receiver<int> from) -> task<int> {
    EXPECT_TRUE(co_await from.changed());
    co_return from.get();
  };
  const auto sends = [](watch_sender<int>& to) -> task<> {
    while (to.statistics().waiting < 3) co_await dwell::yield_now();
    to.send(7);
  };
  const auto scenario = [&]() -> task<> {
    auto [tx, rx] = make_watch<int>(0);
    auto all = dwell::gather(waits(rx.clone()), waits(rx.clone()), waits(rx.clone()), sends(tx));
    const auto results = co_await std::move(all);
    EXPECT_EQ(std::get<0>(results), 7);
    EXPECT_EQ(std::get<1>(results), 7);
    EXPECT_EQ(std::get<2>(results), 7);
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_watch, wakes_everybody_who_waits_when_it_is_closed) {
  const auto waits = [](watch_receiver<int> from) -> task<bool> {
    co_return co_await from.changed();
  };
  const auto closes = [](watch_sender<int>& to) -> task<> {
    while (to.statistics().waiting < 2) co_await dwell::yield_now();
    to.reset();
  };
  const auto scenario = [&]() -> task<> {
    auto [tx, rx] = make_watch<int>(0);
    auto all = dwell::gather(waits(rx.clone()), waits(rx.clone()), closes(tx));
    const auto results = co_await std::move(all);
    EXPECT_FALSE(std::get<0>(results));
    EXPECT_FALSE(std::get<1>(results));
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_watch, whose_wait_was_cancelled_still_tells_of_the_change) {
  const auto waits = [](watch_receiver<int>& from) -> task<> { (void)co_await from.changed(); };
  const auto fails = [](watch_sender<int>& to) -> task<> {
    while (to.statistics().waiting == 0) co_await dwell::yield_now();
    throw std::runtime_error("a sibling fails");
  };
  const auto scenario = [&]() -> task<> {
    auto [tx, rx] = make_watch<int>(0);
    bool failed = false;
    try {
      auto both = dwell::gather(waits(rx), fails(tx));
      co_await std::move(both);
    } catch (const std::runtime_error&) {
      failed = true;
    }
    EXPECT_TRUE(failed);
    EXPECT_EQ(tx.statistics().waiting, 0U);
    tx.send(1);
    EXPECT_TRUE(co_await rx.changed());
    EXPECT_EQ(rx.get(), 1);
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_watch, set_by_a_thread_shows_rising_values_and_the_last) {
  const auto last = static_cast<int>(dwell_test::scaled(20'000));
  const auto follows = [](watch_receiver<int> from) -> task<int> {
    int seen = 0;
    while (co_await from.changed()) {
      const int now = from.get();
      EXPECT_GE(now, seen);
      seen = now;
    }
    co_return from.get();
  };
  const auto scenario = [&]() -> task<> {
    auto [tx, rx] = make_watch<int>(0);
    std::thread sender([last, to = tx.for_threads()]() mutable {
      for (int i = 1; i <= last; ++i) to.send(i);
    });
    tx.reset();
    auto both = dwell::gather(follows(rx.clone()), follows(rx.clone()));
    const auto results = co_await std::move(both);
    sender.join();
    EXPECT_EQ(std::get<0>(results), last);
    EXPECT_EQ(std::get<1>(results), last);
  };
  dwell::run(scenario(), pool());
}

}  // namespace
