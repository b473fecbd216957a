// A channel and cancellation: an item is sent or not, received or still there, never lost.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <gtest/gtest.h>
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

using dwell::channel_closed;
using dwell::channel_receiver;
using dwell::channel_sender;
using dwell::make_channel;
using dwell::task;
using dwell_test::tracked;

class a_cancelled_channel_operation : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a channel and cancellation"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_cancelled_channel_operation, dwell_test::each_worker_count());

struct sibling_failed : std::runtime_error {
  sibling_failed() : std::runtime_error("a sibling fails") {}
};

/// Fails when that many wait to send or receive, which cancels its siblings.
template <class End>
task<> fail_when_waiting(End& end, std::size_t count) {
  for (;;) {
    const dwell::channel_statistics s = end.statistics();
    if (s.waiting_senders + s.waiting_receivers == count) throw sibling_failed();
    co_await dwell::yield_now();
  }
}

template <class... Tasks>
task<> expect_failure(Tasks... tasks) {
  bool failed = false;
  try {
    auto all = dwell::gather(std::move(tasks)...);
    co_await std::move(all);
  } catch (const sibling_failed&) {
    failed = true;
  }
  EXPECT_TRUE(failed);
}

TEST_P(a_cancelled_channel_operation, leaves_the_line_of_receivers) {
  const auto receives = [](channel_receiver<int>& from, bool& cancelled) -> task<> {
    try {
      co_await from.receive();
    } catch (const dwell::cancelled&) {
      cancelled = true;
      throw;
    }
  };
  const auto scenario = [&]() -> task<> {
    auto [tx, rx] = make_channel<int>(4);
    bool cancelled = false;
    co_await expect_failure(receives(rx, cancelled), fail_when_waiting(rx, 1));
    EXPECT_TRUE(cancelled);
    EXPECT_EQ(rx.statistics().waiting_receivers, 0U);
    co_await tx.send(7);  // nobody is there who could take it to the grave
    EXPECT_EQ(rx.statistics().items, 1U);
    EXPECT_EQ(co_await rx.receive(), 7);
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_cancelled_channel_operation, leaves_the_line_of_senders_with_its_value) {
  std::string kept;
  const auto sends = [&](channel_sender<std::string>& to) -> task<> {
    std::string value = "a text that is too long to live inside of a string object";
    try {
      co_await to.send(std::move(value));
    } catch (const dwell::cancelled&) {
      kept = value;
      throw;
    }
  };
  const auto scenario = [&]() -> task<> {
    auto [tx, rx] = make_channel<std::string>(0);
    co_await expect_failure(sends(tx), fail_when_waiting(tx, 1));
    EXPECT_EQ(tx.statistics().waiting_senders, 0U);
    EXPECT_EQ(tx.statistics().sent, 0U);
    EXPECT_EQ(rx.try_receive(), std::nullopt);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(kept, "a text that is too long to live inside of a string object");
}

TEST_P(a_cancelled_channel_operation, lets_the_one_behind_it_have_the_item) {
  const auto receives = [](channel_receiver<int>& from) -> task<> { co_await from.receive(); };
  const auto scenario = [&]() -> task<> {
    auto [tx, rx] = make_channel<int>(1);
    int got = 0;
    const auto stays = [&](channel_receiver<int>& from) -> task<> {
      got = co_await from.receive();
    };
    const auto cancels_the_first = [&](channel_sender<int>& to) -> task<> {
      co_await expect_failure(receives(rx), fail_when_waiting(to, 2));
      co_await to.send(5);
    };
    auto both = dwell::gather(cancels_the_first(tx), stays(rx));
    co_await std::move(both);
    EXPECT_EQ(got, 5);
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_cancelled_channel_operation, does_not_begin_when_its_scope_was_cancelled_before) {
  std::atomic<int> refused{0};
  const auto tries_all = [&](channel_sender<int>& to, channel_receiver<int>& from) -> task<> {
    try {
      co_await dwell::sleep_for(std::chrono::hours(1));
    } catch (const dwell::cancelled&) {
    }
    try {
      co_await to.send(2);
    } catch (const dwell::cancelled&) {
      ++refused;
    }
    try {
      co_await from.receive();
    } catch (const dwell::cancelled&) {
      ++refused;
    }
    EXPECT_TRUE(to.try_send(3));  // no await
  };
  const auto fails = []() -> task<> {
    co_await dwell::sleep_for(std::chrono::milliseconds(1));
    throw sibling_failed();
  };
  const auto scenario = [&]() -> task<> {
    auto [tx, rx] = make_channel<int>(8);
    co_await tx.send(1);
    co_await expect_failure(tries_all(tx, rx), fails());
    EXPECT_EQ(co_await rx.receive(), 1);
    EXPECT_EQ(co_await rx.receive(), 3);
    EXPECT_EQ(rx.statistics().sent, 2U);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(refused.load(), 2);
}

// ---- Conservation ----

// Producers and consumers work until one of them is told to fail, which cancels all the others
// wherever they are. Every value is then in exactly one place: received, left in the channel, or
// still its sender's.
class ledger {
 public:
  explicit ledger(std::size_t parties) : got_(parties) {}
  std::vector<int>& of(std::size_t party) { return got_.at(party); }
  [[nodiscard]] std::vector<int> sorted() const {
    std::vector<int> all;
    for (const auto& g : got_) all.insert(all.end(), g.begin(), g.end());
    std::sort(all.begin(), all.end());
    return all;
  }

 private:
  std::vector<std::vector<int>> got_;
};

constexpr int producers = 4;
constexpr int consumers = 4;
constexpr int per_producer = 200;

struct round {
  explicit round(std::size_t capacity) : ends(make_channel<tracked>(capacity)) {}

  task<> produce(int who) {
    for (int i = 0; i < per_producer; ++i) {
      tracked value(who * per_producer + i);
      try {
        co_await ends.first.send(std::move(value));
      } catch (const dwell::cancelled&) {
        unsent.of(static_cast<std::size_t>(who)).push_back(value.value());
        throw;
      }
      ++begun[static_cast<std::size_t>(who)];
    }
  }
  task<> consume(int who) {
    for (;;) {
      const tracked item = co_await ends.second.receive();
      received.of(static_cast<std::size_t>(who)).push_back(item.value());
    }
  }
  task<> fail_after(int turns) {
    for (int i = 0; i < turns; ++i) co_await dwell::yield_now();
    throw sibling_failed();
  }
  std::vector<task<>> everybody(int turns) {
    std::vector<task<>> all;
    for (int i = 0; i < producers; ++i) all.push_back(produce(i));
    for (int i = 0; i < consumers; ++i) all.push_back(consume(i));
    all.push_back(fail_after(turns));
    return all;
  }
  void expect_everything_accounted_for() {
    while (const auto left = ends.second.try_receive()) received.of(0).push_back(left->value());
    std::vector<int> sent;
    for (int p = 0; p < producers; ++p)
      for (int i = 0; i < begun[static_cast<std::size_t>(p)]; ++i)
        sent.push_back(p * per_producer + i);
    EXPECT_EQ(received.sorted(), sent);
    const dwell::channel_statistics s = ends.first.statistics();
    EXPECT_EQ(s.sent, sent.size());
    EXPECT_EQ(s.received, sent.size());
    EXPECT_EQ(s.waiting_senders + s.waiting_receivers, 0U);
    for (int p = 0; p < producers; ++p) {
      const std::vector<int>& back = unsent.of(static_cast<std::size_t>(p));
      const std::vector<int> next{p * per_producer + begun[static_cast<std::size_t>(p)]};
      EXPECT_TRUE(back.empty() || back == next);
    }
  }

  std::pair<channel_sender<tracked>, channel_receiver<tracked>> ends;
  ledger received{consumers};
  ledger unsent{producers};
  std::vector<int> begun = std::vector<int>(producers);
};

TEST_P(a_cancelled_channel_operation, loses_and_doubles_nothing_among_many) {
  const auto one_round = [](std::size_t capacity, int turns) -> task<> {
    round r(capacity);
    bool failed = false;
    try {
      auto all = dwell::gather(r.everybody(turns));
      co_await std::move(all);
    } catch (const sibling_failed&) {
      failed = true;
    }
    EXPECT_TRUE(failed);
    r.expect_everything_accounted_for();
  };
  for (std::int64_t i = 0; i < dwell_test::scaled(60); ++i) {
    const std::size_t capacities[] = {0, 1, 5, dwell::unbounded};
    dwell::run(one_round(capacities[i % 4], static_cast<int>(i * 3 % 200)), pool());
    ASSERT_FALSE(HasFailure());
  }
  EXPECT_EQ(tracked::alive(), 0);
}

task<> fail_at_once() {
  co_await dwell::yield_now();
  throw sibling_failed();
}

TEST_P(a_cancelled_channel_operation, has_the_item_or_leaves_it_when_a_send_meets_the_cancel) {
  const auto receives = [](channel_receiver<int>& from, int& got) -> task<> {
    got += co_await from.receive();
  };
  const auto one_round = [&]() -> task<int> {
    auto [tx, rx] = make_channel<int>(1);
    std::thread sender([to = tx.for_threads()]() mutable { to.blocking_send(1); });
    int got = 0;
    co_await expect_failure(receives(rx, got), fail_at_once());
    sender.join();
    if (const auto left = rx.try_receive()) got += *left;
    co_return got;
  };
  for (std::int64_t i = 0; i < dwell_test::scaled(300); ++i)
    ASSERT_EQ(dwell::run(one_round(), pool()), 1);
}

TEST_P(a_cancelled_channel_operation, has_sent_or_not_when_a_receive_meets_the_cancel) {
  const auto sends = [](channel_sender<int>& to, int& unsent) -> task<> {
    try {
      co_await to.send(1);
    } catch (const dwell::cancelled&) {
      ++unsent;
      throw;
    }
  };
  const auto one_round = [&]() -> task<int> {
    auto [tx, rx] = make_channel<int>(0);
    int received = 0;
    std::thread receiver([&received, from = rx.for_threads()]() mutable {
      while (from.blocking_next()) ++received;
    });
    int unsent = 0;
    co_await expect_failure(sends(tx, unsent), fail_at_once());
    tx.close();
    receiver.join();
    co_return received + unsent;
  };
  for (std::int64_t i = 0; i < dwell_test::scaled(300); ++i)
    ASSERT_EQ(dwell::run(one_round(), pool()), 1);
}

}  // namespace
