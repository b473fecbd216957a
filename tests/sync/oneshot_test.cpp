// oneshot: one value from anywhere to one waiting coroutine.
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/scale.hpp"
#include "support/tracked.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::make_oneshot;
using dwell::oneshot_closed;
using dwell::oneshot_receiver;
using dwell::oneshot_sender;
using dwell::task;
using dwell_test::tracked;
using dwell_test::watchdog;
using namespace std::chrono_literals;

class a_oneshot : public dwell_test::on_workers {};
INSTANTIATE_TEST_SUITE_P(workers, a_oneshot, dwell_test::each_worker_count());

template <class T>
task<T> receive(oneshot_receiver<T> from) {
  co_return co_await from;
}

task<> send(oneshot_sender<int> to, int value) {
  to.send(value);
  co_return;
}

TEST_P(a_oneshot, gives_what_was_sent_before_the_wait) {
  auto ends = make_oneshot<int>();
  ends.first.send(7);
  EXPECT_EQ(dwell::run(receive(std::move(ends.second)), pool()), 7);
}

TEST_P(a_oneshot, wakes_its_receiver_when_another_task_sends) {
  const auto both = []() -> task<int> {
    auto ends = make_oneshot<int>();
    auto children = dwell::gather(receive(std::move(ends.second)), send(std::move(ends.first), 8));
    auto results = co_await std::move(children);
    co_return std::get<0>(results);
  };
  EXPECT_EQ(dwell::run(both(), pool()), 8);
}

TEST_P(a_oneshot, wakes_its_receiver_when_a_foreign_thread_sends) {
  auto ends = make_oneshot<std::string>();
  std::thread sender([to = std::move(ends.first)]() mutable {
    std::this_thread::sleep_for(10ms);
    to.send("from outside");
  });
  EXPECT_EQ(dwell::run(receive(std::move(ends.second)), pool()), "from outside");
  sender.join();
}

TEST_P(a_oneshot, loses_no_race_between_send_and_wait) {
  const watchdog dog("oneshot: send against wait");
  const auto rounds = static_cast<std::size_t>(dwell_test::scaled(20'000));
  std::vector<oneshot_sender<int>> senders;
  std::vector<task<int>> receivers;
  for (std::size_t i = 0; i < rounds; ++i) {
    auto ends = make_oneshot<int>();
    senders.push_back(std::move(ends.first));
    receivers.push_back(receive(std::move(ends.second)));
  }
  std::thread sender([&] {
    for (std::size_t i = 0; i < rounds; ++i) senders[i].send(static_cast<int>(i));
  });
  const auto in_turn = [](std::vector<task<int>> all) -> task<bool> {
    bool right = true;
    for (std::size_t i = 0; i < all.size(); ++i)
      right = co_await all[i] == static_cast<int>(i) && right;
    co_return right;
  };
  EXPECT_TRUE(dwell::run(in_turn(std::move(receivers)), pool()));
  sender.join();
}

TEST_P(a_oneshot, is_closed_when_its_sender_goes_away_before_the_wait) {
  auto ends = make_oneshot<int>();
  { const oneshot_sender<int> gone = std::move(ends.first); }
  EXPECT_THROW(dwell::run(receive(std::move(ends.second)), pool()), oneshot_closed);
}

TEST_P(a_oneshot, is_closed_when_its_sender_goes_away_during_the_wait) {
  auto ends = make_oneshot<int>();
  std::thread dropper([to = std::move(ends.first)]() mutable {
    std::this_thread::sleep_for(5ms);
    const oneshot_sender<int> gone = std::move(to);
  });
  EXPECT_THROW(dwell::run(receive(std::move(ends.second)), pool()), oneshot_closed);
  dropper.join();
}

TEST_P(a_oneshot, is_closed_when_another_sender_takes_the_place_of_its_own) {
  auto ends = make_oneshot<int>();
  ends.first = make_oneshot<int>().first;
  EXPECT_THROW(dwell::run(receive(std::move(ends.second)), pool()), oneshot_closed);
}

TEST(oneshot_text, says_why_it_is_closed) {
  EXPECT_STREQ(oneshot_closed().what(),
               "oneshot: the sender was destroyed without sending, or the value was taken already");
}

TEST_P(a_oneshot, gives_its_value_once) {
  const auto takes_twice = []() -> task<int> {
    auto ends = make_oneshot<int>();
    ends.first.send(3);
    const int first = co_await ends.second;
    co_return first + co_await ends.second;
  };
  EXPECT_THROW(dwell::run(takes_twice(), pool()), oneshot_closed);
}

TEST_P(a_oneshot, of_void_carries_the_news_alone) {
  auto ends = make_oneshot<void>();
  ends.first.send();
  dwell::run(receive(std::move(ends.second)), pool());
}

TEST_P(a_oneshot, of_void_tells_sending_from_closing) {
  auto ends = make_oneshot<void>();
  { const oneshot_sender<void> gone = std::move(ends.first); }
  EXPECT_THROW(dwell::run(receive(std::move(ends.second)), pool()), oneshot_closed);
}

TEST_P(a_oneshot, carries_a_move_only_value_and_leaves_none_behind) {
  {
    auto ends = make_oneshot<tracked>();
    ends.first.send(tracked(3));
    EXPECT_EQ(dwell::run(receive(std::move(ends.second)), pool()).value(), 3);
  }
  EXPECT_EQ(tracked::alive(), 0);
}

TEST(oneshot_memory, frees_a_value_that_nobody_receives) {
  {
    auto ends = make_oneshot<tracked>();
    ends.first.send(tracked(3));
  }
  EXPECT_EQ(tracked::alive(), 0);
}

TEST(oneshot_memory, lets_its_sender_send_after_its_receiver_has_gone) {
  auto ends = make_oneshot<tracked>();
  { const oneshot_receiver<tracked> gone = std::move(ends.second); }
  ends.first.send(tracked(3));
  EXPECT_EQ(tracked::alive(), 0);
}

// ---- Cancellation ----

task<> wait_on(oneshot_receiver<int>& from) { co_await from; }

task<> fail_later() {
  co_await dwell::yield_now();
  throw std::runtime_error("a sibling fails");
}

TEST_P(a_oneshot, whose_wait_was_cancelled_still_gives_its_value_to_the_next_wait) {
  const auto scenario = []() -> task<int> {
    auto ends = make_oneshot<int>();
    auto children = dwell::gather(wait_on(ends.second), fail_later());
    bool failed = false;
    try {
      co_await std::move(children);
    } catch (const std::runtime_error&) {
      failed = true;
    }
    ends.first.send(failed ? 9 : -1);
    co_return co_await ends.second;
  };
  EXPECT_EQ(dwell::run(scenario(), pool()), 9);
}

TEST_P(a_oneshot, gives_its_value_to_exactly_one_of_cancel_and_wait) {
  // A foreign thread sends while a sibling fails: the first wait gets the value or the second does.
  const watchdog dog("oneshot: send against cancel");
  const auto once = []() -> task<int> {
    auto ends = make_oneshot<int>();
    std::thread sender([&] { ends.first.send(1); });
    int received = 0;
    const auto wait = [&]() -> task<> { received += co_await ends.second; };
    auto children = dwell::gather(wait(), fail_later());
    try {
      co_await std::move(children);
    } catch (const std::runtime_error&) {
    }
    if (received == 0) received += co_await ends.second;
    sender.join();
    co_return received;
  };
  for (std::int64_t i = 0; i < dwell_test::scaled(300); ++i)
    ASSERT_EQ(dwell::run(once(), pool()), 1);
}

// ---- Mistakes ----

TEST(oneshot_death, says_that_it_carries_one_value) {
  EXPECT_DEATH(
      {
        auto ends = make_oneshot<int>();
        ends.first.send(1);
        ends.first.send(2);
      },
      "dwell: oneshot_sender: sent already; a oneshot carries one value");
}

TEST(oneshot_death, says_that_it_has_one_receiver) {
  const auto both = []() -> task<> {
    auto ends = make_oneshot<int>();
    auto children = dwell::gather(wait_on(ends.second), wait_on(ends.second));
    co_await std::move(children);
  };
  EXPECT_DEATH(dwell_test::run_on(1, both()),
               "dwell: oneshot_receiver: two tasks await it; it has one receiver");
}

}  // namespace
