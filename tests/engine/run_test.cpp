// run() and runtime: the way in, the way out, and what happens on the threads between.
#include <atomic>
#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <mutex>
#include <pthread.h>
#include <set>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::settings;
using dwell::task;
using dwell_test::workers;
using namespace std::chrono_literals;

class a_run : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a run"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_run, dwell_test::each_worker_count());

task<int> number(int n) {
  co_await dwell::yield_now();
  co_return n;
}

TEST_P(a_run, gives_the_value_of_its_task) { EXPECT_EQ(dwell::run(number(3), pool()), 3); }

TEST_P(a_run, rethrows_what_escapes_its_task) {
  const auto fails = []() -> task<> {
    co_await dwell::yield_now();
    throw std::runtime_error("escaped");
  };
  try {
    dwell::run(fails(), pool());
    FAIL() << "nothing was thrown";
  } catch (const std::runtime_error& e) {
    EXPECT_STREQ(e.what(), "escaped");
  }
}

TEST(run, needs_no_settings) { EXPECT_EQ(dwell::run(number(4)), 4); }

TEST_P(a_run, leads_away_from_the_calling_thread) {
  const auto caller = std::this_thread::get_id();
  const auto asks = []() -> task<std::thread::id> { co_return std::this_thread::get_id(); };
  EXPECT_NE(dwell::run(asks(), pool()), caller);
}

TEST_P(a_run, can_follow_another) {
  for (int i = 0; i < 20; ++i) EXPECT_EQ(dwell::run(number(i), pool()), i);
}

TEST_P(a_run, can_stand_beside_another) {
  std::thread other([] { EXPECT_EQ(dwell::run(number(1), pool()), 1); });
  EXPECT_EQ(dwell::run(number(2), pool()), 2);
  other.join();
}

TEST_P(a_run, starts_nothing_with_settings_that_make_no_sense) {
  static int forgotten = 0;
  forgotten = 0;
  dwell::set_never_awaited_hook([](const std::source_location&) noexcept { ++forgotten; });
  settings s = pool();
  s.fairness_interval = 0;
  EXPECT_THROW(dwell::run(number(1), s), dwell::settings_error);
  dwell::set_never_awaited_hook(nullptr);
  EXPECT_EQ(forgotten, 0);  // that it never ran is not the mistake to report
}

// ---- run inside run ----

constexpr unsigned inner_line = __LINE__ + 2;
task<> runs_inside() {
  dwell::run(number(1));
  co_return;
}

TEST(a_run_inside_a_run, is_refused_and_names_both_and_the_remedy) {
  constexpr unsigned outer_line = __LINE__ + 2;
  try {
    dwell::run(runs_inside(), workers(1));
    ADD_FAILURE() << "not refused";
  } catch (const dwell::would_block_worker& error) {
    const std::string inner = "run_test.cpp:" + std::to_string(inner_line);
    const std::string outer = "run_test.cpp:" + std::to_string(outer_line);
    EXPECT_THAT(error.what(),
                testing::MatchesRegex("run\\(\\) at .*" + inner +
                                      ": called inside the run\\(\\) at .*" + outer +
                                      "; a coroutine awaits or spawns a task instead of running "
                                      "it"));
  }
}

TEST(a_run_inside_a_run, is_refused_to_a_runtime_too) {
  dwell::runtime* inner = nullptr;
  const auto nested = [&]() -> task<> {
    inner->run(number(1));
    co_return;
  };
  dwell::runtime rt(workers(1));
  inner = &rt;
  EXPECT_THROW(dwell::run(nested(), workers(1)), dwell::would_block_worker);
}

// ---- runtime ----

TEST_P(a_run, can_be_one_of_many_in_one_runtime) {
  dwell::runtime rt(pool());
  for (int i = 0; i < 100; ++i) ASSERT_EQ(rt.run(number(i)), i);
}

TEST_P(a_run, can_be_one_of_several_at_once_in_one_runtime) {
  dwell::runtime rt(pool());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&, t] {
      for (int i = 0; i < dwell_test::scaled(500); ++i) ASSERT_EQ(rt.run(number(t)), t);
    });
  for (std::thread& t : threads) t.join();
}

TEST_P(a_run, meets_tasks_spawned_from_four_threads_at_once) {
  const std::int64_t each = dwell_test::scaled(2'000);
  std::atomic<std::int64_t> ran{0};
  const auto counts = [&](bool sleeps) -> task<> {
    if (sleeps) co_await dwell::sleep_for(10us);
    ++ran;
  };
  dwell::runtime rt(pool());
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t)
    threads.emplace_back([&] {
      for (std::int64_t i = 0; i < each; ++i) rt.spawn(counts(i % 2 == 0)).detach();
    });
  for (std::thread& t : threads) t.join();
  const auto waits = [&]() -> task<> {
    while (ran < 4 * each) co_await dwell::yield_now();
  };
  rt.run(waits());
  EXPECT_EQ(ran, 4 * each);
}

TEST_P(a_run, can_join_what_a_foreign_thread_spawned) {
  dwell::runtime rt(pool());
  const auto joins = [](dwell::join_handle<int> handle) -> task<int> { co_return co_await handle; };
  EXPECT_EQ(rt.run(joins(rt.spawn(number(6)))), 6);
}

TEST_P(a_run, can_join_what_runs_in_another_runtime) {
  const auto sleeps = []() -> task<int> {
    co_await dwell::sleep_for(50ms);
    co_return 7;
  };
  const auto joins = [](dwell::join_handle<int> handle) -> task<int> { co_return co_await handle; };
  dwell::runtime other(pool());
  // No deadlock: the other runtime's task will end, though nothing in this one could wake anybody.
  EXPECT_EQ(dwell::run(joins(other.spawn(sleeps())), pool()), 7);
}

TEST(runtime, shows_the_settings_in_force) {
  settings s = workers(2);
  s.spin = 3;
  const dwell::runtime rt(s);
  EXPECT_EQ(rt.active_settings().threads, 2U);
  EXPECT_EQ(rt.active_settings().spin, 3U);
}

// ---- Threads ----

std::string own_thread_name() {
  char name[16] = {};
  pthread_getname_np(pthread_self(), name, sizeof name);
  return name;
}

TEST_P(a_run, calls_the_start_and_stop_hooks_on_each_worker_once) {
  std::mutex lock;
  std::multiset<unsigned> started;
  std::multiset<unsigned> stopped;
  std::set<std::string> names;
  settings s = pool();
  s.thread_name = "crew";
  s.on_thread_start = [&](unsigned worker) {
    const std::lock_guard guard(lock);
    started.insert(worker);
    names.insert(own_thread_name());
  };
  s.on_thread_stop = [&](unsigned worker) {
    const std::lock_guard guard(lock);
    stopped.insert(worker);
  };
  dwell::run(number(1), s);
  std::multiset<unsigned> all;
  std::set<std::string> all_names;
  for (unsigned i = 0; i < GetParam(); ++i) {
    all.insert(i);
    all_names.insert("crew-" + std::to_string(i));
  }
  EXPECT_EQ(started, all);
  EXPECT_EQ(stopped, all);
  EXPECT_EQ(names, all_names);
}

TEST(runtime, cuts_a_long_thread_name_without_complaint) {
  std::string name;
  settings s = workers(1);
  s.thread_name = "a-name-of-more-than-fifteen-characters";
  s.on_thread_start = [&](unsigned) { name = own_thread_name(); };
  dwell::run(number(1), s);
  EXPECT_EQ(name, "a-name-of-more-");
}

}  // namespace
