// The watchdog: which worker does not come back, in which coroutine; and an arena that stands
// still.
#include "support/watchdog.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/engine/watchdog.hpp>

#include "support/gate.hpp"
#include "support/workers.hpp"

namespace {

using dwell::compute_stall;
using dwell::task;
using dwell::worker_stall;
using dwell::engine::stall_detector;
using dwell_test::gate;
using namespace std::chrono_literals;

// ---- The detector: no clock, no thread ----

TEST(a_stall_detector, reports_a_count_that_stands_still_for_the_limit_once) {
  stall_detector d;
  EXPECT_FALSE(d.look(7, true, 0, 100));
  EXPECT_FALSE(d.look(7, true, 50, 100));
  EXPECT_FALSE(d.look(7, true, 99, 100));
  EXPECT_TRUE(d.look(7, true, 100, 100));
  EXPECT_EQ(d.still_ns(100), 100);
  EXPECT_FALSE(d.look(7, true, 1'000, 100));
}

TEST(a_stall_detector, reports_the_next_stall_too) {
  stall_detector d;
  EXPECT_FALSE(d.look(7, true, 0, 100));
  EXPECT_TRUE(d.look(7, true, 100, 100));
  EXPECT_FALSE(d.look(8, true, 200, 100));
  EXPECT_FALSE(d.look(8, true, 299, 100));
  EXPECT_TRUE(d.look(8, true, 300, 100));
}

TEST(a_stall_detector, is_silent_while_the_count_moves) {
  stall_detector d;
  for (std::int64_t now = 0; now < 2'000; now += 100)
    EXPECT_FALSE(d.look(static_cast<std::uint64_t>(now), true, now, 100));
}

TEST(a_stall_detector, is_silent_while_nothing_ought_to_move) {
  stall_detector d;
  for (std::int64_t now = 0; now < 2'000; now += 100) EXPECT_FALSE(d.look(7, false, now, 100));
  EXPECT_FALSE(d.look(7, true, 2'000, 100));  // only now it begins
  EXPECT_FALSE(d.look(7, true, 2'099, 100));
  EXPECT_TRUE(d.look(7, true, 2'100, 100));
}

// ---- In a runtime ----

// A busy machine stalls a worker anywhere, so only the report that a test waits for opens its gate;
// one that never comes is a hang, which ends the test.
std::atomic<int> worker_stalls{0};
std::string awaited_function;
std::atomic<unsigned> awaited_line{0};
gate* opened_by_a_stall = nullptr;

void note_worker_stall(const worker_stall& stall) noexcept {
  ++worker_stalls;
  const std::string function = stall.where.function_name();
  const std::string file = stall.where.file_name();
  const bool right =
      function.find(awaited_function) != std::string::npos && file.ends_with("watchdog_test.cpp") &&
      (awaited_line == 0 || awaited_line == stall.where.line()) && stall.not_since >= 5ms;
  if (right) opened_by_a_stall->open();
}

class a_watchdog : public dwell_test::on_workers {
 protected:
  void SetUp() override {
    worker_stalls = 0;
    awaited_function.clear();
    awaited_line = 0;
    opened_by_a_stall = &noticed_;
    dwell::set_worker_stall_hook(&note_worker_stall);
  }
  void TearDown() override {
    dwell::set_worker_stall_hook(nullptr);
    dwell_test::on_workers::TearDown();
  }
  static dwell::settings watched(std::chrono::milliseconds after) {
    dwell::settings s = pool();
    s.watchdog_after = after;
    return s;
  }

  gate noticed_;

 private:
  const dwell_test::watchdog dog_{"the watchdog"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_watchdog, dwell_test::each_worker_count());

// Blocks its worker until the watchdog has noticed: nothing here depends on how long that takes.
task<int> blocks_its_worker(gate& noticed) {
  noticed.pass();
  co_return 1;
}

TEST_P(a_watchdog, names_the_coroutine_that_keeps_a_worker) {
  const auto main = [&]() -> task<int> {
    co_await dwell::yield_now();
    co_return co_await blocks_its_worker(noticed_);
  };
  awaited_function = "blocks_its_worker";
  EXPECT_EQ(dwell::run(main(), watched(5ms)), 1);
  EXPECT_GE(worker_stalls, 1);
}

// Again should the time be over before it sleeps, on a busy machine: then it went on from no await.
constexpr unsigned await_line = __LINE__ + 3;
task<> blocks_after_a_sleep(gate& noticed) {
  do {
    co_await dwell::sleep_for(1ms);
  } while (!noticed.passes_within(100ms));
}

TEST_P(a_watchdog, names_the_await_that_the_coroutine_went_on_from) {
  awaited_function = "blocks_after_a_sleep";
  awaited_line = await_line;
  dwell::run(blocks_after_a_sleep(noticed_), watched(5ms));
  EXPECT_GE(worker_stalls, 1);
}

TEST_P(a_watchdog, names_the_caller_that_a_child_returned_to) {
  const auto child = []() -> task<> { co_await dwell::yield_now(); };
  const auto main = [&]() -> task<> {
    awaited_line = __LINE__ + 1;
    co_await child();
    noticed_.pass();
  };
  dwell::run(main(), watched(5ms));
  EXPECT_GE(worker_stalls, 1);
}

TEST_P(a_watchdog, is_silent_about_tasks_that_wait) {
  const auto main = []() -> task<> {
    for (int i = 0; i < 2; ++i) co_await dwell::sleep_for(300ms);
  };
  dwell::run(main(), watched(250ms));
  EXPECT_EQ(worker_stalls, 0);
}

task<> sleeps() { co_await dwell::sleep_for(1ms); }

/// How often the watchdog's thread has gone to sleep so far; -1: there is none.
long sleeps_of_the_watchdog() {
  for (const auto& thread : std::filesystem::directory_iterator("/proc/self/task")) {
    std::string word;
    std::ifstream(thread.path() / "comm") >> word;
    if (!word.ends_with("-dog")) continue;
    std::ifstream status(thread.path() / "status");
    while (status >> word && word != "voluntary_ctxt_switches:") continue;
    long times = -1;
    status >> times;
    return times;
  }
  return -1;
}

TEST_P(a_watchdog, dozes_while_nothing_runs_and_notices_the_next_stall_all_the_same) {
  awaited_function = "blocks_its_worker";
  dwell::runtime rt(watched(5ms));
  for (int round = 0; round < 2; ++round) {
    // Forty looks fit into this, and each would end in another sleep.
    for (long before = -1; before != sleeps_of_the_watchdog();) {
      before = sleeps_of_the_watchdog();
      std::this_thread::sleep_for(100ms);
    }
    rt.run(sleeps());
  }
  EXPECT_EQ(rt.run(blocks_its_worker(noticed_)), 1);
  EXPECT_GE(worker_stalls, 1);
}

TEST_P(a_watchdog, that_is_turned_off_has_no_thread) {
  const auto main = []() -> task<> {
    std::this_thread::sleep_for(50ms);
    co_return;
  };
  dwell::settings s = watched(0ms);
  s.compute_watchdog_after = 0ms;
  dwell::run(main(), s);
  EXPECT_EQ(worker_stalls, 0);
}

// ---- The arena ----

std::atomic<std::size_t> stalled_waiting{0};
std::atomic<std::size_t> stalled_running{0};
void note_compute_stall(const compute_stall& stall) noexcept {
  if (stall.running == 0) return;  // on a busy machine the first job, too, may wait for long
  stalled_waiting = stall.waiting;
  stalled_running = stall.running;
  opened_by_a_stall->open();
}

TEST_P(a_watchdog, notices_that_nothing_moves_in_the_arena) {
  dwell::set_compute_stall_hook(&note_compute_stall);
  const auto main = [&]() -> task<> {
    std::atomic<bool> running{false};
    auto holds = dwell::spawn(dwell::compute([&] {
      running = true;
      noticed_.pass();
    }));
    while (!running) co_await dwell::sleep_for(200us);
    co_await dwell::compute([] {});
    co_await holds;
  };
  dwell::settings s = watched(0ms);
  s.compute_threads = 1;
  s.compute_watchdog_after = 5ms;
  dwell::run(main(), s);
  dwell::set_compute_stall_hook(nullptr);
  EXPECT_EQ(stalled_waiting, 1U);
  EXPECT_EQ(stalled_running, 1U);
}

TEST(watchdog_death, prints_the_worker_the_coroutine_and_the_remedy) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto stalls = [] {
    dwell::settings s = dwell_test::workers(1);
    s.watchdog_after = 5ms;
    const auto blocks = []() -> task<> {
      std::this_thread::sleep_for(200ms);
      co_return;
    };
    dwell::run(blocks(), s);
    std::_Exit(3);
  };
  EXPECT_EXIT(stalls(), testing::ExitedWithCode(3),
              "dwell: worker 0 has not come back to its loop for [0-9]+ ms; it runs .*"
              "watchdog_test.cpp:[0-9]+.*dwell::blocking.*dwell::compute");
}

}  // namespace
