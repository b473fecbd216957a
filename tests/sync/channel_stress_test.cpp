// A channel among many: every item arrives once, each producer's in its order.
#include <cstdint>
#include <gtest/gtest.h>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::channel_receiver;
using dwell::channel_sender;
using dwell::make_channel;
using dwell::task;

class a_busy_channel : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a busy channel"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_busy_channel, dwell_test::each_worker_count());

constexpr int producers = 4;
constexpr int consumers = 3;

struct item {
  int producer;
  std::int64_t number;
};

task<> produce(channel_sender<item> to, int who, std::int64_t count) {
  for (std::int64_t i = 0; i < count; ++i) {
    const item next{who, i};
    co_await to.send(next);
  }
}

/// What one consumer saw: how many of each producer, in rising order.
task<std::vector<std::int64_t>> consume(channel_receiver<item> from) {
  std::vector<std::int64_t> count(producers);
  std::vector<std::int64_t> last(producers, -1);
  while (const auto next = co_await from.next()) {
    const auto p = static_cast<std::size_t>(next->producer);
    EXPECT_LT(last[p], next->number);
    last[p] = next->number;
    ++count[p];
  }
  co_return count;
}

task<> send_all(std::vector<task<>> senders) {
  auto all = dwell::gather(std::move(senders));
  co_await std::move(all);
}

task<std::vector<std::vector<std::int64_t>>> receive_all(
    std::vector<task<std::vector<std::int64_t>>> receivers) {
  auto all = dwell::gather(std::move(receivers));
  co_return co_await std::move(all);
}

task<> exchange(std::size_t capacity, std::int64_t count) {
  auto [tx, rx] = make_channel<item>(capacity);
  std::vector<task<>> senders;
  for (int i = 0; i < producers; ++i) senders.push_back(produce(tx.clone(), i, count));
  std::vector<task<std::vector<std::int64_t>>> receivers;
  for (int i = 0; i < consumers; ++i) receivers.push_back(consume(rx.clone()));
  tx.reset();
  auto all = dwell::gather(send_all(std::move(senders)), receive_all(std::move(receivers)));
  const auto results = co_await std::move(all);
  std::vector<std::int64_t> sum(producers);
  for (const auto& seen : std::get<1>(results))
    for (std::size_t p = 0; p < producers; ++p) sum[p] += seen[p];
  EXPECT_EQ(sum, std::vector<std::int64_t>(producers, count));
  EXPECT_EQ(rx.statistics().received, static_cast<std::uint64_t>(producers * count));
}

TEST_P(a_busy_channel, of_capacity_zero_delivers_every_item_once_and_in_order) {
  dwell::run(exchange(0, dwell_test::scaled(10'000)), pool());
}

TEST_P(a_busy_channel, with_bound_delivers_every_item_once_and_in_order) {
  dwell::run(exchange(16, dwell_test::scaled(20'000)), pool());
}

TEST_P(a_busy_channel, without_bound_delivers_every_item_once_and_in_order) {
  dwell::run(exchange(dwell::unbounded, dwell_test::scaled(20'000)), pool());
}

}  // namespace
