// The cancel sweep: one await after the other is cancelled at every moment that there is, and what
// it waited for is counted afterwards.
//
//   unstarted  cancelled before the task that awaits has begun, or while it begins
//   before     cancelled before the await
//   during     cancelled while it waits, or on its way there
//   twice      the same, and a second time
//   racing     cancelled by one worker while another completes the await
//   after      completed, then cancelled
//
// In every trial the await is completed too, so that nothing can hang for want of it. Exactly one
// of value and cancellation comes out; an effect is had whole or not at all, which each row checks
// by counting; no coroutine frame, timer or socket is left.
//
// The same trials run on real workers, and in a simulated world over ten thousand seeds: a seed
// decides the moment, who is ahead, and at which awaits the tasks give way, so each suspension
// point of what is awaited meets a cancel.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <gtest/gtest.h>
#include <memory>
#include <ostream>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/task/frame_pool.hpp>

#include "support/each_seed.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace sweep {

using dwell::join_handle;
using dwell::task;

/// Something that can be awaited, with all that it needs for one trial.
class awaitable {
 public:
  awaitable() = default;
  awaitable(const awaitable&) = delete;
  awaitable& operator=(const awaitable&) = delete;
  virtual ~awaitable() = default;

  /// The await.
  virtual task<> wait() = 0;
  /// Completes it, by whatever it waits for. Must end also when the victim is gone.
  virtual task<> complete(join_handle<>& victim) = 0;
  /// When both have ended: whether everything is there, or used up by a wait that gave a value.
  virtual task<> check(bool got) {
    static_cast<void>(got);
    co_return;
  }
};

/// A line of the table.
struct row {
  const char* name;
  std::unique_ptr<awaitable> (*make)();
};
inline std::ostream& operator<<(std::ostream& to, const row& r) { return to << r.name; }
inline std::string name_of(const testing::TestParamInfo<row>& info) { return info.param.name; }

template <class A>
std::unique_ptr<awaitable> make() {
  return std::make_unique<A>();
}

enum class moment : std::uint8_t { unstarted, before, during, twice, racing, after };
inline constexpr std::array moments{moment::unstarted, moment::before, moment::during,
                                    moment::twice,     moment::racing, moment::after};

/// How the trials ended: with a value, cancelled, or (unstarted ones) without having begun.
struct tally {
  std::int64_t values = 0;
  std::int64_t cancels = 0;
  std::int64_t never_begun = 0;
};

/// One await, cancelled once.
class trial {
 public:
  trial(awaitable& what, moment when, std::int64_t round) noexcept
      : what_(what), when_(when), round_(round) {}

  task<> run(tally& ends) {
    join_handle<> victim = dwell::spawn(await_it());
    co_await cancel_and_complete(victim);
    co_await victim.wait();
    EXPECT_FALSE(victim.cancel()) << "it has ended";
    EXPECT_LE(values_ + cancels_, 1);
    if (values_ + cancels_ == 0) {
      EXPECT_EQ(when_, moment::unstarted);
      ++ends.never_begun;
    }
    ends.values += values_;
    ends.cancels += cancels_;
    if (when_ == moment::after) {
      EXPECT_EQ(values_, 1);
    }
    co_await what_.check(values_ == 1);
  }

 private:
  task<> await_it() {
    begun_.set();
    co_await dwell::shield(go_.wait());
    ++reached_;
    try {
      co_await what_.wait();
      ++values_;
    } catch (const dwell::cancelled&) {
      ++cancels_;
    }
  }

  task<> cancel_and_complete(join_handle<>& victim) {
    if (when_ == moment::unstarted) victim.cancel();
    if (when_ == moment::before) {
      co_await begun_.wait();
      victim.cancel();
    }
    go_.set();
    if (when_ == moment::during || when_ == moment::twice) {
      co_await let_it_wait();
      victim.cancel();
      if (when_ == moment::twice) {
        EXPECT_FALSE(victim.cancel());
      }
    }
    if (when_ == moment::racing) {
      co_await let_it_wait();
      co_await race_to(victim);
    } else {
      co_await what_.complete(victim);
    }
  }

  // Either may be the one that arrives last, and so goes first if there is one worker.
  task<> race_to(join_handle<>& victim) {
    task<> one = cancel_at_the_same_time(victim);
    task<> other = complete_at_the_same_time(victim);
    if (round_ % 2 == 0) one.swap(other);
    co_await dwell::gather(std::move(one), std::move(other));
  }

  task<> let_it_wait() {
    while (reached_ == 0) co_await dwell::yield_now();
    for (std::int64_t i = 0; i < round_ % 8; ++i) co_await dwell::yield_now();
  }

  // The two of a race meet here, on two workers if there are two. Who waits spins: a yield takes
  // longer than what the other does then.
  task<> meet(std::int64_t head_start) {
    ++met_;
    for (std::int64_t i = 1; met_ < 2; ++i)
      if (i % 4096 == 0) co_await dwell::yield_now();
    for (std::int64_t i = 0; i < head_start * 8; ++i) spun_ = i;
  }
  task<> cancel_at_the_same_time(join_handle<>& victim) {
    co_await meet(round_ / 2 % 16);
    victim.cancel();
  }
  task<> complete_at_the_same_time(join_handle<>& victim) {
    co_await meet(round_ / 32 % 16);
    co_await what_.complete(victim);
  }

  awaitable& what_;
  const moment when_;
  const std::int64_t round_;
  dwell::event begun_;
  dwell::event go_;
  std::atomic<int> reached_{0};
  std::atomic<int> met_{0};
  std::atomic<std::int64_t> spun_{0};
  std::atomic<int> values_{0};
  std::atomic<int> cancels_{0};
};

/// Makes what is awaited, in the world that it is awaited in, and tries it.
inline task<> try_once(const row& r, moment when, std::int64_t round, tally& ends) {
  const std::unique_ptr<awaitable> what = r.make();
  trial one(*what, when, round);
  co_await one.run(ends);
}

/// All moments, several rounds each.
inline task<> sweep_moments(const row& r, tally& ends) {
  for (const moment when : moments) {
    const std::int64_t rounds = dwell_test::scaled(when == moment::racing ? 1'000 : 200);
    for (std::int64_t round = 0; round < rounds; ++round) co_await try_once(r, when, round, ends);
  }
}

/// A suite over the rows of a table, on real workers.
class every_await : public testing::TestWithParam<row> {
 protected:
  static void sweep_on(unsigned workers) {
    sweep_on(workers, [](task<> all) { return all; });
  }
  /// `around` gives a task that awaits all trials: what it makes is there for each of them.
  template <class Around>
  static void sweep_on(unsigned workers, Around around) {
    const dwell_test::watchdog dog("the cancel sweep of " + std::string(GetParam().name));
    const auto before = dwell::core::live_frames();
    tally ends;
    dwell::runtime rt(dwell_test::workers(workers));
    rt.run(around(sweep_moments(GetParam(), ends)));
    const dwell::statistics_snapshot left = rt.statistics();
    EXPECT_EQ(left.pending_timers, 0);
    EXPECT_EQ(left.sockets, 0);
    EXPECT_EQ(left.socket_waits, 0);
    RecordProperty("values", std::to_string(ends.values));
    RecordProperty("cancels", std::to_string(ends.cancels));
    RecordProperty("never_begun", std::to_string(ends.never_begun));
    EXPECT_EQ(dwell::core::live_frames(), before);
  }
};

/// The same in simulated worlds; for rows that need no thread of their own.
class every_simulated_await : public testing::TestWithParam<row> {
 protected:
  static void sweep_seeds() {
    const dwell_test::watchdog dog("the simulated sweep of " + std::string(GetParam().name));
    const auto before = dwell::core::live_frames();
    tally ends;
    dwell_test::each_seed(10'000, [&](std::uint64_t seed) {
      const moment when = moments[seed % moments.size()];
      const auto round = static_cast<std::int64_t>(seed / moments.size());
      dwell::sim::run(seed, try_once(GetParam(), when, round, ends));
      EXPECT_EQ(dwell::core::live_frames(), before);
    });
    RecordProperty("values", std::to_string(ends.values));
    RecordProperty("cancels", std::to_string(ends.cancels));
    RecordProperty("never_begun", std::to_string(ends.never_begun));
  }
};

}  // namespace sweep
