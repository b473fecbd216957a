// compute(): functions on the arena beside the workers, with oneTBB algorithms inside.
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <oneapi/tbb/blocked_range.h>
#include <oneapi/tbb/parallel_for.h>
#include <oneapi/tbb/partitioner.h>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/task/context.hpp>

#include "offload/waiting.hpp"
#include "support/gate.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::compute;
using dwell::gather;
using dwell::task;
using dwell_test::called_off;
using dwell_test::fail_when;
using dwell_test::gate;
using dwell_test::until;
using namespace std::chrono_literals;

class a_computation : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a computation"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_computation, dwell_test::each_worker_count());

TEST_P(a_computation, gives_what_the_function_returns) {
  const auto main = []() -> task<int> {
    auto moved = std::make_unique<int>(40);
    auto sum = co_await compute(
        [](std::unique_ptr<int> a, int b) { return std::make_unique<int>(*a + b); },
        std::move(moved), 2);
    co_return *sum;
  };
  EXPECT_EQ(dwell::run(main(), pool()), 42);
}

TEST_P(a_computation, throws_what_the_function_throws) {
  const auto main = []() -> task<> {
    co_await compute([] { throw std::domain_error("no root"); });
  };
  EXPECT_THROW(dwell::run(main(), pool()), std::domain_error);
}

TEST_P(a_computation, runs_on_a_thread_that_is_no_worker) {
  const auto main = []() -> task<bool> {
    co_return co_await compute([] { return dwell::core::current_context == nullptr; });
  };
  EXPECT_TRUE(dwell::run(main(), pool()));
}

TEST_P(a_computation, is_one_of_many_that_are_all_done) {
  const auto calls = static_cast<int>(dwell_test::scaled(2'000));
  const auto main = [&]() -> task<> {
    std::vector<task<int>> many;
    for (int i = 0; i < calls; ++i) many.push_back(compute([](int n) { return n * n; }, i));
    const auto squares = co_await gather(std::move(many));
    for (int i = 0; i < calls; ++i) EXPECT_EQ(squares[static_cast<std::size_t>(i)], i * i);
  };
  dwell::run(main(), pool());
}

TEST_P(a_computation, spreads_by_the_algorithms_of_onetbb) {
  const auto main = []() -> task<int> {
    co_return co_await compute([] {
      std::atomic<int> sum{0};
      tbb::parallel_for(0, 1'000, [&](int i) { sum += i; });
      return sum.load();
    });
  };
  dwell::settings s = pool();
  s.compute_threads = 2;
  EXPECT_EQ(dwell::run(main(), s), 499'500);
}

TEST_P(a_computation, throws_what_is_thrown_inside_an_algorithm) {
  const auto main = []() -> task<> {
    co_await compute([] {
      tbb::parallel_for(0, 100, [](int i) {
        if (i == 50) throw std::domain_error("fifty");
      });
    });
  };
  EXPECT_THROW(dwell::run(main(), pool()), std::domain_error);
}

TEST_P(a_computation, never_has_more_beside_it_than_the_setting_says) {
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  const auto counts = [&] {
    const int now = ++inside;
    for (int seen = most; seen < now && !most.compare_exchange_weak(seen, now);) {
    }
    std::this_thread::sleep_for(1ms);
    --inside;
  };
  const auto main = [&]() -> task<> {
    std::vector<task<>> many;
    for (int i = 0; i < 20; ++i) many.push_back(compute(counts));
    co_await gather(std::move(many));
  };
  dwell::settings s = pool();
  s.compute_threads = 2;
  dwell::run(main(), s);
  EXPECT_LE(most, 2);
}

TEST_P(a_computation, has_as_many_beside_it_as_the_setting_says) {
  // More than this machine may have processors: each passes only when all have come.
  constexpr int width = 5;
  std::atomic<int> arrived{0};
  gate all;
  const auto meets = [&] {
    if (++arrived == width) all.open();
    all.pass();
  };
  const auto main = [&]() -> task<> {
    std::vector<task<>> many;
    for (int i = 0; i < width; ++i) many.push_back(compute(meets));
    co_await gather(std::move(many));
  };
  dwell::settings s = pool();
  s.compute_threads = width;
  dwell::run(main(), s);
  EXPECT_EQ(arrived, width);
}

TEST_P(a_computation, keeps_no_waits_from_going_on) {
  gate hold;
  const auto waits = [&]() -> task<> {
    for (int i = 0; i < 10; ++i) co_await dwell::sleep_for(100us);
    hold.open();
  };
  const auto main = [&]() -> task<> {
    co_await gather(compute([&] { hold.pass(); }), compute([&] { hold.pass(); }), waits());
  };
  dwell::run(main(), pool());
  EXPECT_TRUE(hold.is_open());
}

TEST_P(a_computation, is_no_deadlock_while_it_runs) {
  const auto main = []() -> task<int> {
    co_return co_await compute([] {
      std::this_thread::sleep_for(300ms);  // longer than two looks for a deadlock take
      return 5;
    });
  };
  EXPECT_EQ(dwell::run(main(), pool()), 5);
}

TEST_P(a_computation, shows_in_the_statistics) {
  dwell::runtime rt([] {
    dwell::settings s = pool();
    s.compute_threads = 1;
    return s;
  }());
  gate hold;
  const auto main = [&]() -> task<> {
    auto first = dwell::spawn(compute([&] { hold.pass(); }));
    auto second = dwell::spawn(compute([&] { hold.pass(); }));
    co_await until([&] {
      const auto s = rt.statistics();
      return s.compute_running == 1 && s.compute_queued == 1;
    });
    hold.open();
    co_await first;
    co_await second;
  };
  rt.run(main());
}

// ---- Cancelled ----

// Whether `body` threw cancelled, seen from outside the gather that cancelled it.
template <class T>
task<> note_cancel(task<T> body, bool& cancelled) {
  try {
    co_await body;
  } catch (const dwell::cancelled&) {
    cancelled = true;
    throw;
  }
}

TEST_P(a_computation, that_is_cancelled_before_it_begins_never_runs) {
  gate hold;
  std::atomic<bool> held{false};
  std::atomic<bool> ran{false};
  bool cancelled = false;
  const auto main = [&]() -> task<> {
    auto holder = dwell::spawn(compute([&] {
      held = true;
      hold.pass();
    }));
    co_await until([&] { return held.load(); });
    auto queued = compute([&] { ran = true; });
    EXPECT_THROW(
        co_await gather(note_cancel(std::move(queued), cancelled), fail_when([] { return true; })),
        called_off);
    hold.open();
    co_await holder;
  };
  dwell::settings s = pool();
  s.compute_threads = 1;
  dwell::run(main(), s);
  EXPECT_TRUE(cancelled);
  EXPECT_FALSE(ran);
}

TEST_P(a_computation, that_runs_is_cancelled_through_its_algorithm) {
  // The loop would never end: only the cancellation of its group ends it.
  std::atomic<bool> running{false};
  std::atomic<bool> ended{false};
  bool cancelled = false;
  const auto main = [&]() -> task<> {
    auto call = compute([&] {
      // oneTBB looks at the cancellation between two pieces: this makes them small.
      tbb::parallel_for(
          tbb::blocked_range<int>(0, 1'000'000'000, 1),
          [&](const tbb::blocked_range<int>&) {
            running = true;
            std::this_thread::sleep_for(100us);
          },
          tbb::simple_partitioner());
      ended = true;
      return 1;
    });
    EXPECT_THROW(co_await gather(note_cancel(std::move(call), cancelled),
                                 fail_when([&] { return running.load(); })),
                 called_off);
    EXPECT_TRUE(ended);  // it was waited for
  };
  dwell::run(main(), pool());
  EXPECT_TRUE(cancelled);
}

TEST_P(a_computation, that_runs_is_told_through_its_stop_token) {
  std::atomic<bool> running{false};
  bool cancelled = false;
  const auto main = [&]() -> task<> {
    auto call = compute([&](std::stop_token stop) {
      while (!stop.stop_requested()) running = true;
    });
    EXPECT_THROW(co_await gather(note_cancel(std::move(call), cancelled),
                                 fail_when([&] { return running.load(); })),
                 called_off);
  };
  dwell::run(main(), pool());
  EXPECT_TRUE(cancelled);
}

TEST_P(a_computation, can_be_cancelled_at_any_moment) {
  const auto rounds = static_cast<int>(dwell_test::scaled(300));
  std::atomic<int> ran{0};
  int values = 0;
  const auto counted = [&](int& count) -> task<> {
    co_await compute([&] { ++ran; });
    ++count;
  };
  const auto main = [&]() -> task<> {
    for (int round = 0; round < rounds; ++round) {
      int counts[4] = {};
      const auto fails = [&]() -> task<> {
        for (int i = 0; i < round % 7; ++i) co_await dwell::yield_now();
        throw called_off();
      };
      EXPECT_THROW(co_await gather(counted(counts[0]), counted(counts[1]), counted(counts[2]),
                                   counted(counts[3]), fails()),
                   called_off);
      for (const int count : counts) values += count;
    }
  };
  dwell::run(main(), pool());
  EXPECT_LE(values, ran);  // a value of one that was cut short is dropped
}

}  // namespace
