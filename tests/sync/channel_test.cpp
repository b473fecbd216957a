// channel<T>: what its ends do, one thing at a time.
#include <gtest/gtest.h>
#include <memory>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/tracked.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::channel_closed;
using dwell::channel_receiver;
using dwell::channel_sender;
using dwell::make_channel;
using dwell::task;
using dwell_test::run_on;
using dwell_test::tracked;

class a_channel : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a channel"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_channel, dwell_test::each_worker_count());

/// Sends first, first + 1, ... and gives up its end.
task<> produce(channel_sender<int> to, int first, int count) {
  for (int i = first; i < first + count; ++i) co_await to.send(i);
}

/// Receives until the end.
task<std::vector<int>> consume(channel_receiver<int> from) {
  std::vector<int> got;
  while (const auto item = co_await from.next()) got.push_back(*item);
  co_return got;
}

task<> expect_send_closed(channel_sender<int>& to, int value) {
  bool closed = false;
  try {
    co_await to.send(value);
  } catch (const channel_closed&) {
    closed = true;
  }
  EXPECT_TRUE(closed);
}

task<> expect_receive_closed(channel_receiver<int>& from) {
  bool closed = false;
  try {
    co_await from.receive();
  } catch (const channel_closed&) {
    closed = true;
  }
  EXPECT_TRUE(closed);
}

/// Lets the other tasks of a one-worker run go as far as they can.
task<> let_others_run() {
  for (int i = 0; i < 4; ++i) co_await dwell::yield_now();
}

std::vector<int> first_numbers(int count) {
  std::vector<int> numbers(static_cast<std::size_t>(count));
  std::iota(numbers.begin(), numbers.end(), 0);
  return numbers;
}

// ---- Order ----

TEST_P(a_channel, keeps_the_order_of_one_producer_whatever_its_capacity) {
  const auto scenario = [](std::size_t capacity) -> task<std::vector<int>> {
    auto [tx, rx] = make_channel<int>(capacity);
    auto both = dwell::gather(produce(std::move(tx), 0, 300), consume(std::move(rx)));
    auto results = co_await std::move(both);
    co_return std::get<1>(results);
  };
  for (const std::size_t capacity :
       {std::size_t{0}, std::size_t{1}, std::size_t{7}, dwell::unbounded})
    EXPECT_EQ(dwell::run(scenario(capacity), pool()), first_numbers(300)) << capacity;
}

TEST(a_channel_on_one_worker, serves_waiting_receivers_in_the_order_they_came) {
  std::vector<int> arrived;
  std::vector<int> got(3);
  const auto receive_one = [&](channel_receiver<int>& from, int who) -> task<> {
    arrived.push_back(who);
    got.at(static_cast<std::size_t>(who)) = co_await from.receive();
  };
  const auto send_all = [](channel_sender<int>& to) -> task<> {
    co_await let_others_run();
    EXPECT_EQ(to.statistics().waiting_receivers, 3U);
    for (int i = 1; i <= 3; ++i) co_await to.send(i);
    EXPECT_EQ(to.statistics().items, 0U);  // handed over, not put in
  };
  const auto scenario = [&]() -> task<> {
    auto [tx, rx] = make_channel<int>(4);
    auto all =
        dwell::gather(receive_one(rx, 0), receive_one(rx, 1), receive_one(rx, 2), send_all(tx));
    co_await std::move(all);
  };
  run_on(1, scenario());
  ASSERT_EQ(arrived.size(), 3U);
  for (std::size_t i = 0; i < 3; ++i)
    EXPECT_EQ(got.at(static_cast<std::size_t>(arrived[i])), static_cast<int>(i) + 1);
}

TEST(a_channel_on_one_worker, lets_waiting_senders_in_in_the_order_they_came) {
  std::vector<int> arrived;
  const auto send_one = [&](channel_sender<int>& to, int value) -> task<> {
    arrived.push_back(value);
    co_await to.send(value);
  };
  const auto receive_all = [](channel_receiver<int>& from) -> task<std::vector<int>> {
    co_await let_others_run();
    EXPECT_EQ(from.statistics().waiting_senders, 2U);
    std::vector<int> got;
    for (int i = 0; i < 3; ++i) got.push_back(co_await from.receive());
    co_return got;
  };
  const auto scenario = [&]() -> task<std::vector<int>> {
    auto [tx, rx] = make_channel<int>(1);
    auto all = dwell::gather(send_one(tx, 1), send_one(tx, 2), send_one(tx, 3), receive_all(rx));
    auto results = co_await std::move(all);
    co_return std::get<3>(results);
  };
  EXPECT_EQ(run_on(1, scenario()), arrived);
}

// ---- Capacity ----

TEST_P(a_channel, of_capacity_zero_lets_a_sender_go_on_only_when_its_item_is_received) {
  const auto scenario = []() -> task<> {
    auto [tx, rx] = make_channel<int>(0);
    int received = 0;
    const auto sends = [&](channel_sender<int> to) -> task<> {
      for (int i = 1; i <= 50; ++i) {
        co_await to.send(i);
        EXPECT_EQ(to.statistics().received, static_cast<std::uint64_t>(i));
        EXPECT_EQ(to.statistics().items, 0U);
      }
    };
    const auto receives = [&](channel_receiver<int>& from) -> task<> {
      while (const auto item = co_await from.next()) received += *item;
    };
    auto both = dwell::gather(sends(std::move(tx)), receives(rx));
    co_await std::move(both);
    EXPECT_EQ(received, 1275);
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_channel, never_holds_more_than_its_capacity) {
  const auto scenario = []() -> task<> {
    auto [tx, rx] = make_channel<int>(3);
    const auto watches = [](channel_receiver<int> from) -> task<> {
      while (const auto item = co_await from.next()) {
        EXPECT_LE(from.statistics().items, 3U);
        co_await dwell::yield_now();
      }
    };
    auto second = tx.clone();
    auto all = dwell::gather(produce(std::move(tx), 0, 100), produce(std::move(second), 100, 100),
                             watches(std::move(rx)));
    co_await std::move(all);
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_channel, without_bound_never_makes_its_sender_wait) {
  const auto scenario = []() -> task<> {
    auto [tx, rx] = make_channel<int>(dwell::unbounded);
    for (int i = 0; i < 5'000; ++i) co_await tx.send(i);
    EXPECT_EQ(rx.statistics().items, 5'000U);
    EXPECT_EQ(rx.statistics().capacity, dwell::unbounded);
  };
  dwell::run(scenario(), pool());
}

// ---- Without waiting ----

TEST(a_channel_tried, says_when_it_is_full_and_leaves_the_value_alone) {
  auto [tx, rx] = make_channel<std::string>(1);
  EXPECT_TRUE(tx.try_send("first, long enough to live outside of the string"));
  std::string second = "second, long enough to live outside of the string";
  EXPECT_FALSE(tx.try_send(std::move(second)));
  EXPECT_EQ(second, "second, long enough to live outside of the string");
  EXPECT_EQ(rx.try_receive(), "first, long enough to live outside of the string");
  EXPECT_EQ(rx.try_receive(), std::nullopt);
}

TEST(a_channel_tried, copies_a_value_that_is_not_moved) {
  auto [tx, rx] = make_channel<std::string>(1);
  const std::string value = "copied";
  EXPECT_TRUE(tx.try_send(value));
  EXPECT_EQ(value, "copied");
  EXPECT_EQ(rx.try_receive(), "copied");
}

TEST(a_channel_tried, of_capacity_zero_refuses_while_nobody_waits) {
  auto [tx, rx] = make_channel<int>(0);
  EXPECT_FALSE(tx.try_send(1));
  EXPECT_EQ(rx.try_receive(), std::nullopt);
}

TEST_P(a_channel, of_capacity_zero_passes_between_one_who_waits_and_one_who_tries) {
  const auto scenario = []() -> task<> {
    auto [tx, rx] = make_channel<int>(0);
    const auto tries_to_receive = [](channel_receiver<int>& from) -> task<int> {
      for (;;) {
        if (const auto item = from.try_receive()) co_return *item;
        co_await dwell::yield_now();
      }
    };
    auto there = dwell::gather(produce(tx.clone(), 5, 1), tries_to_receive(rx));
    const auto got = co_await std::move(there);
    EXPECT_EQ(std::get<1>(got), 5);

    const auto tries_to_send = [](channel_sender<int>& to) -> task<> {
      while (!to.try_send(6)) co_await dwell::yield_now();
    };
    const auto receives = [](channel_receiver<int>& from) -> task<int> {
      co_return co_await from.receive();
    };
    auto back = dwell::gather(tries_to_send(tx), receives(rx));
    const auto got_too = co_await std::move(back);
    EXPECT_EQ(std::get<1>(got_too), 6);
  };
  dwell::run(scenario(), pool());
}

TEST(a_channel_tried, throws_when_it_is_closed) {
  auto [tx, rx] = make_channel<int>(2);
  EXPECT_TRUE(tx.try_send(1));
  rx.close();
  EXPECT_THROW((void)tx.try_send(2), channel_closed);
  EXPECT_EQ(rx.try_receive(), 1);
  EXPECT_THROW((void)rx.try_receive(), channel_closed);
}

// ---- Closing ----

TEST_P(a_channel, drains_what_is_left_after_close_and_is_closed_then) {
  const auto scenario = []() -> task<> {
    auto [tx, rx] = make_channel<int>(8);
    for (int i = 1; i <= 3; ++i) co_await tx.send(i);
    tx.close();
    co_await expect_send_closed(tx, 4);
    for (int i = 1; i <= 3; ++i) EXPECT_EQ(co_await rx.receive(), i);
    co_await expect_receive_closed(rx);
    EXPECT_EQ(co_await rx.next(), std::nullopt);
    EXPECT_TRUE(rx.statistics().closed);
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_channel, stays_open_until_the_last_sender_has_gone) {
  const auto scenario = []() -> task<> {
    auto [tx, rx] = make_channel<int>(8);
    auto second = tx.clone();
    tx.reset();
    EXPECT_EQ(rx.statistics().senders, 1U);
    co_await second.send(1);
    second.reset();
    EXPECT_EQ(co_await rx.next(), 1);
    EXPECT_EQ(co_await rx.next(), std::nullopt);
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_channel, wakes_every_waiting_receiver_when_the_last_sender_goes) {
  const auto scenario = []() -> task<> {
    auto [tx, rx] = make_channel<int>(1);
    const auto leaves = [](channel_sender<int> to, channel_receiver<int>& from) -> task<> {
      while (from.statistics().waiting_receivers < 3) co_await dwell::yield_now();
      to.reset();
    };
    auto all = dwell::gather(expect_receive_closed(rx), expect_receive_closed(rx),
                             expect_receive_closed(rx), leaves(std::move(tx), rx));
    co_await std::move(all);
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_channel, turns_away_waiting_senders_when_it_is_closed_and_keeps_what_was_in_it) {
  const auto scenario = []() -> task<> {
    auto [tx, rx] = make_channel<int>(1);
    co_await tx.send(1);
    const auto closes = [](channel_receiver<int>& from) -> task<> {
      while (from.statistics().waiting_senders < 2) co_await dwell::yield_now();
      from.close();
    };
    auto all = dwell::gather(expect_send_closed(tx, 2), expect_send_closed(tx, 3), closes(rx));
    co_await std::move(all);
    EXPECT_EQ(co_await rx.next(), 1);
    EXPECT_EQ(co_await rx.next(), std::nullopt);
    EXPECT_EQ(rx.statistics().sent, 1U);
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_channel, turns_away_waiting_senders_when_the_last_receiver_goes) {
  const auto scenario = []() -> task<> {
    auto [tx, rx] = make_channel<int>(0);
    const auto leaves = [](channel_receiver<int> from) -> task<> {
      while (from.statistics().waiting_senders < 2) co_await dwell::yield_now();
    };
    auto all =
        dwell::gather(expect_send_closed(tx, 2), expect_send_closed(tx, 3), leaves(std::move(rx)));
    co_await std::move(all);
  };
  dwell::run(scenario(), pool());
}

TEST(a_channel_in_memory, destroys_what_is_left_when_the_last_receiver_goes) {
  auto [tx, rx] = make_channel<tracked>(dwell::unbounded);
  auto second = rx.clone();
  for (int i = 0; i < 10; ++i) EXPECT_TRUE(tx.try_send(tracked(i)));
  rx.reset();
  EXPECT_EQ(tracked::alive(), 10);
  second.reset();
  EXPECT_EQ(tracked::alive(), 0);
  EXPECT_THROW((void)tx.try_send(tracked(1)), channel_closed);
}

TEST(a_channel_in_memory, may_carry_an_end_of_itself) {
  struct message {
    channel_sender<std::unique_ptr<message>> reply_to;
  };
  auto [tx, rx] = make_channel<std::unique_ptr<message>>(1);
  EXPECT_TRUE(tx.try_send(std::make_unique<message>(message{tx.clone()})));
  rx.reset();  // destroys the message, which gives up its end
  EXPECT_EQ(tx.statistics().senders, 1U);
}

TEST(a_channel_in_memory, lives_as_long_as_any_of_its_ends) {
  std::optional<channel_receiver<int>> kept;
  {
    auto [tx, rx] = make_channel<int>(2);
    EXPECT_TRUE(tx.try_send(1));
    kept.emplace(std::move(rx));
  }
  EXPECT_EQ(kept->try_receive(), 1);
  EXPECT_THROW((void)kept->try_receive(), channel_closed);
}

TEST(a_channel_in_memory, is_left_by_an_end_that_another_one_is_assigned_to) {
  auto [tx, rx] = make_channel<int>(1);
  auto [other_tx, other_rx] = make_channel<int>(1);
  tx = std::move(other_tx);
  EXPECT_TRUE(rx.statistics().closed);
  EXPECT_FALSE(other_rx.statistics().closed);
}

// ---- What it carries ----

TEST_P(a_channel, carries_move_only_values_and_leaves_none_behind) {
  const auto scenario = []() -> task<int> {
    auto [tx, rx] = make_channel<tracked>(1);
    const auto sends = [](channel_sender<tracked> to) -> task<> {
      for (int i = 1; i <= 10; ++i) {
        tracked value(i);
        co_await to.send(std::move(value));
      }
    };
    const auto adds = [](channel_receiver<tracked> from) -> task<int> {
      int sum = 0;
      while (const auto item = co_await from.next()) sum += item->value();
      co_return sum;
    };
    auto both = dwell::gather(sends(std::move(tx)), adds(std::move(rx)));
    const auto results = co_await std::move(both);
    co_return std::get<1>(results);
  };
  EXPECT_EQ(dwell::run(scenario(), pool()), 55);
  EXPECT_EQ(tracked::alive(), 0);
}

TEST_P(a_channel, of_monostate_carries_the_news_alone) {
  const auto scenario = []() -> task<> {
    auto [tx, rx] = make_channel<std::monostate>(2);
    std::monostate news;
    co_await tx.send(news);
    EXPECT_TRUE((co_await rx.next()).has_value());
  };
  dwell::run(scenario(), pool());
}

TEST(a_channel_tried, of_optionals_tells_an_empty_one_from_none) {
  auto [tx, rx] = make_channel<std::optional<int>>(2);
  EXPECT_TRUE(tx.try_send(std::optional<int>()));
  const auto item = rx.try_receive();
  ASSERT_TRUE(item.has_value());
  EXPECT_FALSE(item->has_value());
}

/// Throws when the countdown reaches 0, at a construction by move or copy.
struct fragile {
  explicit fragile(int v) : value(v) {}
  fragile(fragile&& other) : value(other.value) { count_down(); }
  fragile(const fragile& other) : value(other.value) { count_down(); }
  fragile& operator=(const fragile&) = default;
  static void count_down() {
    if (--moves_left == 0) throw std::runtime_error("a move fails");
  }
  inline static int moves_left = 0;
  int value;
};

TEST(a_channel_tried, is_as_it_was_when_a_value_throws_on_its_way_in) {
  auto [tx, rx] = make_channel<fragile>(2);
  fragile value(3);
  fragile::moves_left = 1;
  EXPECT_THROW((void)tx.try_send(value), std::runtime_error);
  EXPECT_EQ(tx.statistics().items, 0U);
  EXPECT_EQ(tx.statistics().sent, 0U);
  EXPECT_TRUE(tx.try_send(value));
  EXPECT_EQ(rx.try_receive()->value, 3);
}

TEST(a_channel_tried, goes_on_with_the_next_item_when_one_throws_on_its_way_out) {
  auto [tx, rx] = make_channel<fragile>(2);
  EXPECT_TRUE(tx.try_send(fragile(1)));
  EXPECT_TRUE(tx.try_send(fragile(2)));
  fragile::moves_left = 1;
  EXPECT_THROW((void)rx.try_receive(), std::runtime_error);
  EXPECT_EQ(rx.try_receive()->value, 2);
}

TEST_P(a_channel, passes_what_a_value_throws_to_the_task_that_sends_or_receives_it) {
  const auto scenario = []() -> task<> {
    auto [tx, rx] = make_channel<fragile>(1);
    const fragile value(1);
    int failures = 0;
    fragile::moves_left = 1;
    try {
      co_await tx.send(value);
    } catch (const std::runtime_error&) {
      ++failures;
    }
    co_await tx.send(value);
    fragile::moves_left = 1;
    try {
      co_await rx.receive();
    } catch (const std::runtime_error&) {
      ++failures;
    }
    EXPECT_EQ(failures, 2);
    EXPECT_EQ(rx.statistics().received, 1U);
  };
  dwell::run(scenario(), pool());
}

// ---- Statistics ----

TEST(a_channel_tried, counts_what_goes_through_it) {
  auto [tx, rx] = make_channel<int>(4);
  const auto second = tx.clone();
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(tx.try_send(i));
  EXPECT_TRUE(rx.try_receive());
  const dwell::channel_statistics s = tx.statistics();
  EXPECT_EQ(s.items, 2U);
  EXPECT_EQ(s.capacity, 4U);
  EXPECT_EQ(s.senders, 2U);
  EXPECT_EQ(s.receivers, 1U);
  EXPECT_EQ(s.waiting_senders, 0U);
  EXPECT_EQ(s.waiting_receivers, 0U);
  EXPECT_EQ(s.sent, 3U);
  EXPECT_EQ(s.received, 1U);
  EXPECT_FALSE(s.closed);
}

// ---- Mistakes ----

TEST(a_channel_death, says_that_a_moved_end_leads_nowhere) {
  EXPECT_DEATH(
      {
        auto ends = make_channel<int>(1);
        const auto taken = std::move(ends.first);
        (void)ends.first.try_send(1);
      },
      "dwell: channel: this end was moved from or reset; it leads nowhere");
}

TEST(a_channel_text, says_why_it_is_closed) {
  EXPECT_STREQ(channel_closed().what(), "closed: the other side has gone, or close() was called");
}

}  // namespace
