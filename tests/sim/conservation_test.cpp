// Under many seeds what goes in comes out: every child counted, every item received once, every
// permit given back. DWELL_SIM_SEEDS says how many seeds, when it is set.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <gtest/gtest.h>
#include <numeric>
#include <optional>
#include <stdexcept>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/sim/run.hpp>

#include "support/each_seed.hpp"
#include "support/tracked.hpp"
#include "support/workers.hpp"

namespace {

namespace sim = dwell::sim;
using dwell::task;
using dwell_test::each_seed;
using dwell_test::tracked;
using namespace std::chrono_literals;

class sim_conservation : public dwell_test::no_frames_left {
 protected:
  // Clocks that are late make deadlines meet what they limit.
  static constexpr sim::options late{.jitter = 500us};
  static constexpr std::int64_t many = 10'000;
};

task<int> number_after_a_while(int n) {
  co_await dwell::sleep_for(dwell::random_duration(0us, 20us));
  if (n % 3 == 0) co_await dwell::yield_now();
  co_return n;
}

task<int> sum_of_gathered(int children) {
  std::vector<task<int>> all;
  for (int i = 1; i <= children; ++i) all.push_back(number_after_a_while(i));
  const std::vector<int> numbers = co_await dwell::gather(std::move(all));
  co_return std::accumulate(numbers.begin(), numbers.end(), 0);
}

TEST_F(sim_conservation, a_gather_of_gathers_has_every_result) {
  const auto nested = []() -> task<int> {
    const auto [a, b, c] =
        co_await dwell::gather(sum_of_gathered(10), sum_of_gathered(20), sum_of_gathered(5));
    co_return a + b + c;
  };
  each_seed(many,
            [&](std::uint64_t seed) { ASSERT_EQ(sim::run(seed, nested(), late), 55 + 210 + 15); });
}

struct tally {
  int begun = 0;
  int ended = 0;
};

struct counted {
  explicit counted(tally& t) : all(t) { ++all.begun; }
  ~counted() { ++all.ended; }
  counted(const counted&) = delete;
  counted& operator=(const counted&) = delete;
  tally& all;
};

task<> child_of(dwell::task_group& group, tally& t, int depth) {
  const counted me(t);
  if (depth > 0) group.spawn(child_of(group, t, depth - 1));
  co_await dwell::sleep_for(dwell::random_duration(0us, 10us));
  if (depth > 0) group.spawn(child_of(group, t, depth - 1));
}

TEST_F(sim_conservation, a_group_whose_children_spawn_ends_after_the_last_of_them) {
  each_seed(many, [&](std::uint64_t seed) {
    tally t;
    const auto body = [&t](dwell::task_group& group) -> task<> {
      group.spawn(child_of(group, t, 3));
      co_return;
    };
    const auto main = [](auto& b) -> task<> { co_await dwell::with_task_group(b); };
    sim::run(seed, main(body), late);
    ASSERT_EQ(t.begun, 15);
    ASSERT_EQ(t.ended, 15);
  });
}

task<> fails_after(std::chrono::nanoseconds d) {
  co_await dwell::sleep_for(d);
  throw std::runtime_error("a child failed");
}

TEST_F(sim_conservation, a_group_that_fails_ends_every_child_that_began) {
  each_seed(many, [&](std::uint64_t seed) {
    tally t;
    const auto body = [&t](dwell::task_group& group) -> task<> {
      group.spawn(fails_after(dwell::random_duration(0us, 20us)));
      for (int i = 0; i < 5; ++i) group.spawn(child_of(group, t, 2));
      co_return;
    };
    const auto main = [](auto& b) -> task<bool> {
      try {
        co_await dwell::with_task_group(b);
      } catch (const dwell::exception_group& e) {
        co_return e.errors().size() == 1;
      }
      co_return false;
    };
    ASSERT_TRUE(sim::run(seed, main(body), late));
    ASSERT_EQ(t.begun, t.ended);
  });
}

task<> produce(dwell::channel_sender<tracked> to, int first, int count) {
  for (int i = first; i < first + count; ++i) {
    tracked item(i);
    co_await to.send(std::move(item));
  }
}

// Receives with a time limit that often strikes at the same moment as an item comes.
task<> consume(dwell::channel_receiver<tracked> from, std::vector<int>& seen) {
  const auto one = [](auto& rx) -> task<std::optional<tracked>> { co_return co_await rx.next(); };
  for (;;) {
    auto next = co_await dwell::move_on_after(dwell::random_duration(0us, 30us), one(from));
    if (!next) continue;
    if (!*next) break;
    seen.push_back((*next)->value());
    co_await dwell::sleep_for(dwell::random_duration(0us, 30us));
  }
}

task<> through_a_channel(std::size_t capacity, std::vector<int>& seen) {
  auto [tx, rx] = dwell::make_channel<tracked>(capacity);
  std::vector<task<>> all;
  for (int p = 0; p < 3; ++p) all.push_back(produce(tx.clone(), 10 * p, 10));
  for (int c = 0; c < 2; ++c) all.push_back(consume(rx.clone(), seen));
  { const auto last = std::move(tx); }
  co_await dwell::gather(std::move(all));
}

TEST_F(sim_conservation, a_channel_gives_every_item_once_although_receives_are_cancelled) {
  std::vector<int> sent(30);
  std::iota(sent.begin(), sent.end(), 0);
  each_seed(many, [&](std::uint64_t seed) {
    std::vector<int> seen;
    sim::run(seed, through_a_channel(seed % 3, seen), late);
    std::sort(seen.begin(), seen.end());
    ASSERT_EQ(seen, sent);
    ASSERT_EQ(tracked::alive(), 0);
  });
}

struct load {
  std::size_t now = 0;
  std::size_t most = 0;
  int served = 0;
};

class in_use {
 public:
  in_use(load& l, std::size_t n) : load_(l), n_(n) {
    load_.now += n_;
    load_.most = std::max(load_.most, load_.now);
  }
  ~in_use() { load_.now -= n_; }
  in_use(const in_use&) = delete;
  in_use& operator=(const in_use&) = delete;

 private:
  load& load_;
  const std::size_t n_;
};

task<> use(dwell::semaphore& permits, load& l, std::size_t n) {
  const auto held = co_await permits.acquire(n);
  const in_use me(l, n);
  co_await dwell::sleep_for(dwell::random_duration(0us, 20us));
  ++l.served;
}

task<> use_in_time(dwell::semaphore& permits, load& l, std::size_t n) {
  const bool in_time =
      co_await dwell::move_on_after(dwell::random_duration(0us, 60us), use(permits, l, n));
  if (!in_time) co_return;
}

TEST_F(sim_conservation, a_semaphore_has_all_its_permits_after_waits_that_were_cancelled) {
  const auto crowd = [](dwell::semaphore& permits, load& l) -> task<> {
    std::vector<task<>> all;
    for (std::size_t i = 0; i < 12; ++i)
      all.push_back(i % 2 == 0 ? use(permits, l, 1 + i % 3) : use_in_time(permits, l, 1 + i % 3));
    co_await dwell::gather(std::move(all));
  };
  each_seed(many, [&](std::uint64_t seed) {
    dwell::semaphore permits(3);
    load l;
    sim::run(seed, crowd(permits, l), late);
    ASSERT_TRUE(permits.try_acquire(3).has_value());
    ASSERT_LE(l.most, 3u);
    ASSERT_EQ(l.now, 0u);
    ASSERT_GE(l.served, 6);
  });
}

}  // namespace
