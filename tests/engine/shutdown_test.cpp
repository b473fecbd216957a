// The end of a run: what was spawned is cancelled and drained, whatever it is doing.
#include <atomic>
#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/for_ever.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::spawn;
using dwell::task;
using dwell_test::counts;
using dwell_test::scaled;
using dwell_test::sleeps_for_ever;
using dwell_test::until;
using dwell_test::yields_for_ever;
using namespace std::chrono_literals;

class a_shutdown : public dwell_test::on_workers {
 protected:
  dwell_test::watchdog dog_{"a shutdown"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_shutdown, dwell_test::each_worker_count());

task<> gathers_for_ever(counts& c) {
  auto children = dwell::gather(sleeps_for_ever(c), yields_for_ever(c), sleeps_for_ever(c));
  co_await std::move(children);
}

TEST_P(a_shutdown, wakes_and_cancels_what_sleeps) {
  counts c;
  const auto main = [&]() -> task<> {
    for (int i = 0; i < 100; ++i) spawn(sleeps_for_ever(c)).detach();
    while (c.started < 100) co_await dwell::yield_now();
  };
  dwell::run(main(), pool());
  EXPECT_EQ(c.cancelled, 100);
}

TEST_P(a_shutdown, cancels_what_runs_at_its_next_await) {
  counts c;
  const auto main = [&]() -> task<> {
    for (int i = 0; i < 10; ++i) spawn(yields_for_ever(c)).detach();
    while (c.started < 10) co_await dwell::yield_now();
  };
  dwell::run(main(), pool());
  EXPECT_EQ(c.cancelled, 10);
}

TEST_P(a_shutdown, reaches_into_gathers) {
  counts c;
  const auto main = [&]() -> task<> {
    for (int i = 0; i < 10; ++i) spawn(gathers_for_ever(c)).detach();
    while (c.started < 30) co_await dwell::yield_now();
  };
  dwell::run(main(), pool());
  EXPECT_EQ(c.cancelled, 30);
}

TEST(shutdown_on_one_worker, never_runs_what_has_not_started) {
  counts c;
  const auto main = [&]() -> task<> {
    for (int i = 0; i < 100; ++i) spawn(sleeps_for_ever(c)).detach();
    co_return;
  };
  dwell_test::run_on(1, main());
  // The main task's end and the worker's next piece of work race for the first few.
  EXPECT_EQ(c.cancelled, c.started);
}

TEST_P(a_shutdown, follows_a_failed_main_task_too) {
  counts c;
  const auto main = [&]() -> task<> {
    spawn(sleeps_for_ever(c)).detach();
    while (c.started < 1) co_await dwell::yield_now();
    throw std::runtime_error("main failed");
  };
  EXPECT_THROW(dwell::run(main(), pool()), std::runtime_error);
  EXPECT_EQ(c.cancelled, 1);
}

TEST_P(a_shutdown, drains_what_spawns_again_while_it_is_drained) {
  static std::atomic<bool> begun{false};
  static std::atomic<int> ends{0};
  begun = false;
  ends = 0;
  struct hydra {
    static task<> grow(int heads) {
      begun = true;
      try {
        co_await dwell::sleep_for(1h);
      } catch (const dwell::cancelled&) {
      }
      if (heads > 0) {
        spawn(grow(heads - 1)).detach();
        spawn(grow(heads - 1)).detach();
      }
      ++ends;
    }
  };
  const auto main = []() -> task<> {
    spawn(hydra::grow(5)).detach();
    co_await until(begun);
  };
  dwell::run(main(), pool());
  // What is spawned during shutdown is skipped or cancelled: the first head ends for certain.
  EXPECT_GE(ends, 1);
}

TEST_P(a_shutdown, waits_for_those_who_take_their_time) {
  std::atomic<bool> begun{false};
  std::atomic<bool> cleaned_up{false};
  const auto slow = [&]() -> task<> {
    begun = true;
    try {
      co_await dwell::sleep_for(1h);
    } catch (const dwell::cancelled&) {
    }
    const auto end = std::chrono::steady_clock::now() + 20ms;
    while (std::chrono::steady_clock::now() < end) {
    }
    cleaned_up = true;
  };
  const auto main = [&]() -> task<> {
    spawn(slow()).detach();
    co_await until(begun);
  };
  dwell::run(main(), pool());
  EXPECT_TRUE(cleaned_up);
}

TEST_P(a_shutdown, says_what_is_left_after_its_grace) {
  dwell::settings s = pool();
  s.shutdown_grace = 1ms;
  std::atomic<bool> begun{false};
  const auto slow = [&]() -> task<> {
    begun = true;
    try {
      co_await dwell::sleep_for(1h);
    } catch (const dwell::cancelled&) {
    }
    // Until the report is written: into the file that stands for stderr meanwhile.
    while (lseek(STDERR_FILENO, 0, SEEK_CUR) == 0) std::this_thread::yield();
  };
  const auto main = [&]() -> task<> {
    spawn(slow()).detach();
    co_await until(begun);
  };
  testing::internal::CaptureStderr();
  dwell::run(main(), s);
  EXPECT_THAT(testing::internal::GetCapturedStderr(),
              testing::HasSubstr("dwell: shutdown: 1 spawned task(s) still run after the grace of "
                                 "1 ms; waiting on"));
}

TEST_P(a_shutdown, of_a_runtime_object_cancels_what_was_spawned_from_outside) {
  counts c;
  {
    dwell::runtime rt(pool());
    for (int i = 0; i < 50; ++i) rt.spawn(sleeps_for_ever(c)).detach();
    const auto waits = [&]() -> task<> {
      while (c.started < 50) co_await dwell::yield_now();
    };
    rt.run(waits());
  }
  EXPECT_EQ(c.cancelled, 50);
}

TEST_P(a_shutdown, leaves_a_handle_whose_runtime_has_gone_safe_to_drop) {
  counts c;
  dwell::join_handle<> handle;
  {
    dwell::runtime rt(pool());
    handle = rt.spawn(sleeps_for_ever(c));
  }
  EXPECT_TRUE(handle.done());
  handle.detach();
  EXPECT_FALSE(handle.joinable());
}

// ---- Again and again ----

TEST_P(a_shutdown, may_come_ten_thousand_times_with_work_in_flight) {
  const auto main = [](counts& c, std::int64_t round) -> task<> {
    spawn(sleeps_for_ever(c)).detach();
    spawn(gathers_for_ever(c)).detach();
    if (round % 3 == 1) co_await dwell::yield_now();
    if (round % 3 == 2) co_await dwell::sleep_for(std::chrono::microseconds(round % 100));
  };
  // Divided among the worker counts.
  const std::int64_t rounds = scaled(dwell_test::long_run() ? 10'000 : 3'400);
  for (std::int64_t round = 0; round < rounds; ++round) {
    counts c;
    dwell::run(main(c, round), pool());
    ASSERT_EQ(c.cancelled, c.started);
    dog_.progress();
  }
}

}  // namespace
