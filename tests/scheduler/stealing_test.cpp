// Workers that rob each other, and workers that find nobody to rob: nobody waits for a thief, and
// who finds nothing goes to sleep instead of looking for ever.
#include <atomic>
#include <cstdint>
#include <gtest/gtest.h>
#include <memory>
#include <thread>
#include <vector>

#include <dwell/scheduler/pool.hpp>
#include <dwell/task/task.hpp>

#include "scheduler/hand_driven.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"

namespace {

using dwell::task;
using dwell::scheduler::pool;
using dwell_test::lone_chain;
using dwell_test::scaled;
using dwell_test::watchdog;

template <class Condition>
void await(Condition&& holds) {
  while (!holds()) std::this_thread::yield();
}

task<> keep_busy(const std::atomic<bool>& released) {
  await([&] { return released.load(); });
  co_return;
}

// Nobody searches, and nobody changes his mind, for as long as it takes to look a hundred times.
bool is_at_rest(pool& p) {
  const std::uint64_t before = p.idlers().announcements();
  for (int looks = 0; looks < 100; ++looks) {
    if (p.idlers().any_searching() || p.idlers().announcements() != before) return false;
    std::this_thread::yield();
  }
  return p.idlers().any_asleep();
}

class thieves : public ::testing::TestWithParam<std::uint32_t> {
 private:
  const watchdog dog_{"workers that steal"};
};
INSTANTIATE_TEST_SUITE_P(workers, thieves, ::testing::Values(2U, 4U));

TEST_P(thieves, sleep_while_another_worker_is_busy) {
  pool p(GetParam(), {});
  p.start_threads("thieves");
  for (int round = 0; round < 5; ++round) {
    std::atomic<bool> released{false};
    lone_chain busy(keep_busy(released));
    p.start(busy.root());
    await([&] { return is_at_rest(p); });
    released = true;
    await([&] { return busy.ended(); });
  }
}

// A tree of chains, started where their parents run: as soon as a worker has robbed another it has
// something that the other may rob.
class forest {
 public:
  forest(pool& p, std::size_t count) : pool_(p) {
    for (std::size_t i = 0; i < count; ++i)
      chains_.push_back(std::make_unique<lone_chain>(node(2 * i + 1)));
  }
  void grow() { pool_.start(chains_[0]->root()); }
  [[nodiscard]] std::int64_t ran() const { return ran_.load(); }
  [[nodiscard]] bool ended() const {
    for (const auto& chain : chains_)
      if (!chain->ended()) return false;
    return true;
  }

 private:
  task<> node(std::size_t first_child) {
    for (std::size_t i = first_child; i < first_child + 2 && i < chains_.size(); ++i)
      pool_.start(chains_[i]->root());
    ran_.fetch_add(1);
    co_return;
  }

  pool& pool_;
  std::atomic<std::int64_t> ran_{0};
  std::vector<std::unique_ptr<lone_chain>> chains_;
};

TEST_P(thieves, that_rob_each_other_run_everything_once_and_then_sleep) {
  constexpr std::int64_t chains = 1'000;
  pool p(GetParam(), {});
  p.start_threads("thieves");
  const std::int64_t rounds = scaled(200);
  for (std::int64_t i = 0; i < rounds; ++i) {
    forest all(p, chains);
    all.grow();
    await([&] { return all.ended(); });
    ASSERT_EQ(all.ran(), chains);
  }
  await([&] { return is_at_rest(p); });
  std::uint64_t stolen = 0;
  for (std::uint32_t i = 0; i < p.size(); ++i) stolen += p.at(i).counters().stolen.get();
  RecordProperty("stolen_per_hundred_chains",
                 static_cast<int>(100 * stolen / static_cast<std::uint64_t>(rounds * chains)));
}

}  // namespace
