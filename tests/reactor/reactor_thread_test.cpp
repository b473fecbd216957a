// The reactor on its own thread, and sleeping tasks on top of it. The only thing that is said about
// time is that nothing is early.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <gtest/gtest.h>
#include <memory>
#include <pthread.h>
#include <random>
#include <string>
#include <sys/prctl.h>
#include <thread>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/os/clock.hpp>
#include <dwell/reactor/reactor.hpp>

#include "reactor/recorder.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"

namespace {

using dwell::task;
using dwell::os::now_ns;
using dwell_test::recorder;
using dwell_test::scaled;
using dwell_test::sleepers;
using dwell_test::watchdog;
using std::chrono::microseconds;
using std::chrono::nanoseconds;

constexpr std::int64_t hour_ns = 3'600'000'000'000;

void arm(dwell::reactor::reactor& r, dwell::core::frame_header& root, std::int64_t deadline_ns) {
  r.port(0).reserve();
  (void)r.port(0).arm(root, deadline_ns);
}

void wait_until_woken(recorder& woken, std::size_t count) {
  while (woken.woken_count() < count) std::this_thread::yield();
}

TEST(reactor_thread, fires_what_another_thread_arms) {
  const watchdog alarm("a timer never fired");
  recorder woken;
  sleepers all(1'000);
  dwell::reactor::reactor r(woken, 1, now_ns());
  r.start_thread("fires", microseconds(50));
  for (std::size_t i = 0; i < all.size(); ++i)
    arm(r, all[i], now_ns() + static_cast<std::int64_t>(i % 7) * 10'000);
  wait_until_woken(woken, all.size());
  r.stop_thread();
  EXPECT_EQ(r.pending_timers(), 0);
}

// Each is due before the one that the thread sleeps for: without a kick it would sleep an hour.
TEST(reactor_thread, is_kicked_for_a_timer_that_is_due_earlier) {
  const watchdog alarm("the reactor overslept");
  const std::int64_t rounds = scaled(20'000);
  recorder woken;
  sleepers all(1);
  dwell::reactor::reactor r(woken, 1, now_ns());
  r.start_thread("kicked", microseconds(50));
  arm(r, all[0], now_ns() + hour_ns);
  for (std::int64_t i = 1; i <= rounds; ++i) {
    arm(r, all[0], now_ns());
    wait_until_woken(woken, static_cast<std::size_t>(i));
  }
  r.stop_thread();
}

TEST(reactor_thread, sleeps_on_when_a_timer_is_due_later) {
  const watchdog alarm("the reactor was never kicked");
  recorder woken;
  sleepers all(1);
  dwell::reactor::reactor r(woken, 1, now_ns());
  r.start_thread("undisturbed", microseconds(50));
  const std::int64_t start = now_ns();
  arm(r, all[0], start + hour_ns);
  for (int i = 0; i < 10'000; ++i) arm(r, all[0], start + 2 * hour_ns + i);
  // Earlier and earlier, until one of them finds the reactor asleep and wakes it.
  std::uint64_t earlier = 0;
  while (r.counters().wakeups.get() < 2) {
    arm(r, all[0], start + hour_ns - static_cast<std::int64_t>(++earlier));
    std::this_thread::yield();
  }
  EXPECT_LE(r.counters().wakeups.get(), earlier + 1) << "a later timer woke the reactor";
  r.stop_thread();
}

TEST(reactor_thread, can_be_stopped_at_any_time) {
  const watchdog alarm("the reactor did not stop");
  const std::int64_t rounds = std::max<std::int64_t>(20, scaled(200));
  for (std::int64_t i = 0; i < rounds; ++i) {
    recorder woken;
    sleepers all(1);
    dwell::reactor::reactor r(woken, 1, now_ns());
    r.start_thread("stopped", microseconds(50));
    if (i % 2 == 0) arm(r, all[0], now_ns() + hour_ns);
    r.stop_thread();
    r.stop_thread();
  }
}

TEST(reactor_thread, has_the_timer_slack_and_the_name_it_was_given) {
  const watchdog alarm("a timer never fired");
  static std::atomic<int> slack{-1};
  static std::string name;
  recorder woken;
  sleepers all(1);
  woken.on_submit([](recorder&) {
    char text[16] = {};
    pthread_getname_np(pthread_self(), text, sizeof text);
    name = text;
    slack = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
  });
  dwell::reactor::reactor r(woken, 1, now_ns());
  r.start_thread("lazy", microseconds(321));
  arm(r, all[0], now_ns());
  wait_until_woken(woken, 1);
  r.stop_thread();
  EXPECT_EQ(slack, 321'000);
  EXPECT_EQ(name, "lazy");
}

// ---- Sleeping tasks ----

struct sleeper_report {
  std::atomic<std::int64_t> woken{0};
  std::atomic<std::int64_t> early{0};
};

task<> sleep_once(sleeper_report& report, nanoseconds d) {
  const std::int64_t deadline = now_ns() + d.count();
  co_await dwell::sleep_for(d);
  if (now_ns() < deadline) report.early.fetch_add(1, std::memory_order_relaxed);
  report.woken.fetch_add(1, std::memory_order_relaxed);
}

task<> sleep_all(sleeper_report& report, std::int64_t count) {
  std::mt19937_64 random(9);
  std::vector<task<>> children;
  for (std::int64_t i = 0; i < count; ++i) {
    // From a nanosecond to a quarter of a second, every magnitude.
    const std::uint64_t width = random() % 29;
    children.push_back(
        sleep_once(report, nanoseconds(random() & ((std::uint64_t{1} << width) - 1))));
  }
  co_await dwell::gather(std::move(children));
}

TEST(sleep, of_any_length_ends_once_and_never_early) {
  const watchdog alarm("a sleep did not end");
  const std::int64_t count = scaled(100'000);
  for (const unsigned threads : {1u, 2u, 4u}) {
    dwell::settings s;
    s.threads = threads;
    sleeper_report report;
    dwell::run(sleep_all(report, count), s);
    EXPECT_EQ(report.woken, count);
    EXPECT_EQ(report.early, 0);
  }
}

TEST(sleep, without_timer_slack_is_never_early_either) {
  const watchdog alarm("a sleep did not end");
  const std::int64_t count = scaled(20'000);
  dwell::settings s;
  s.threads = 2;
  s.timer_slack = nanoseconds(0);
  sleeper_report report;
  dwell::run(sleep_all(report, count), s);
  EXPECT_EQ(report.woken, count);
  EXPECT_EQ(report.early, 0);
}

task<> hold_a_worker(std::atomic<int>& holding, const std::atomic<bool>& released) {
  holding.fetch_add(1);
  while (!released) std::this_thread::yield();
  co_return;
}

task<> announce_and_sleep(std::atomic<int>& begun, sleeper_report& report) {
  begun.fetch_add(1);
  co_await sleep_once(report, std::chrono::milliseconds(20));
}

// Every worker is held by a chain that does not suspend. The timers fire all the same; whom they
// woke waits in the queues, and runs as soon as a worker is free.
TEST(sleep, that_ends_while_every_worker_is_busy_goes_on_afterwards) {
  const watchdog alarm("a sleeper was forgotten");
  constexpr int count = 100;
  dwell::settings s;
  s.threads = 2;
  sleeper_report report;
  std::atomic<int> begun{0};
  std::atomic<int> holding{0};
  std::atomic<bool> released{false};
  dwell::runtime rt(s);  // last: it waits for the tasks, which use the others
  for (int i = 0; i < count; ++i) rt.spawn(announce_and_sleep(begun, report)).detach();
  while (begun < count) std::this_thread::yield();
  for (int i = 0; i < 2; ++i) rt.spawn(hold_a_worker(holding, released)).detach();
  while (holding < 2) std::this_thread::yield();
  const std::int64_t before = report.woken;
  while (rt.statistics().timers_fired < count) std::this_thread::yield();
  EXPECT_EQ(report.woken, before) << "no worker was free to run them";
  released = true;
  while (report.woken < count) std::this_thread::yield();
  EXPECT_EQ(report.early, 0);
}

}  // namespace
