// The reactor with threads: one that attends as an idle worker does, and its own watchman; and
// sleeping tasks on top of it. The only thing that is said about time is that nothing is early.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <gtest/gtest.h>
#include <memory>
#include <pthread.h>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/os/clock.hpp>
#include <dwell/reactor/reactor.hpp>

#include "os/pollers.hpp"
#include "reactor/attendant.hpp"
#include "reactor/recorder.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"

namespace {

using dwell::task;
using dwell::os::now_ns;
using dwell_test::attendant;
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

// ---- An attendant ----

class reactor_attendant : public dwell_test::on_pollers {};
INSTANTIATE_TEST_SUITE_P(kinds, reactor_attendant, dwell_test::each_poller(),
                         dwell_test::poller_name);

TEST_P(reactor_attendant, fires_what_another_thread_arms) {
  const watchdog alarm("a timer never fired");
  recorder woken;
  sleepers all(1'000);
  dwell::reactor::reactor r(woken, 1, now_ns(), {}, make());
  const attendant worker(r, woken);
  for (std::size_t i = 0; i < all.size(); ++i)
    arm(r, all[i], now_ns() + static_cast<std::int64_t>(i % 7) * 10'000);
  wait_until_woken(woken, all.size());
}

// Each is due before the one that the attendant waits for: without a kick it would wait an hour.
TEST_P(reactor_attendant, is_kicked_for_a_timer_that_is_due_earlier) {
  const watchdog alarm("the attendant overslept");
  const std::int64_t rounds = scaled(20'000);
  recorder woken;
  sleepers all(1);
  dwell::reactor::reactor r(woken, 1, now_ns(), {}, make());
  const attendant worker(r, woken);
  arm(r, all[0], now_ns() + hour_ns);
  for (std::int64_t i = 1; i <= rounds; ++i) {
    arm(r, all[0], now_ns());
    wait_until_woken(woken, static_cast<std::size_t>(i));
  }
}

TEST_P(reactor_attendant, waits_on_when_a_timer_is_due_later) {
  const watchdog alarm("the attendant was never kicked");
  recorder woken;
  sleepers all(1);
  dwell::reactor::reactor r(woken, 1, now_ns(), {}, make());
  const attendant worker(r, woken);
  const std::int64_t start = now_ns();
  arm(r, all[0], start + hour_ns);
  for (int i = 0; i < 10'000; ++i) arm(r, all[0], start + 2 * hour_ns + i);
  // Earlier and earlier, until one of them finds the attendant waiting and wakes it.
  std::uint64_t earlier = 0;
  while (r.counters().wakeups.get() < 2) {
    arm(r, all[0], start + hour_ns - static_cast<std::int64_t>(++earlier));
    std::this_thread::yield();
  }
  EXPECT_LE(r.counters().wakeups.get(), earlier + 1) << "a later timer woke the attendant";
}

TEST_P(reactor_attendant, is_only_one_at_a_time) {
  recorder woken;
  dwell::reactor::reactor r(woken, 1, now_ns(), {}, make());
  ASSERT_TRUE(r.enter());
  EXPECT_FALSE(r.enter());
  r.leave();
  EXPECT_TRUE(r.enter());
  r.leave();
}

// A batch is in the attendant's hands from wait() to leave(), and its timers are pending until
// then: the deadlock report must not find everybody asleep and nothing pending.
TEST_P(reactor_attendant, has_its_timers_counted_until_it_leaves) {
  recorder woken;
  sleepers all(1);
  dwell::reactor::reactor r(woken, 1, now_ns(), {}, make());
  const dwell::base::atomic<std::uint32_t> called{0};
  arm(r, all[0], now_ns());
  ASSERT_TRUE(r.enter());
  dwell::core::wake_batch* const batch = r.wait(called);
  ASSERT_NE(batch, nullptr);
  EXPECT_EQ(r.pending_timers(), 1);
  r.leave();
  EXPECT_EQ(r.pending_timers(), 0);
  woken.submit(*batch);
}

TEST_P(reactor_attendant, gives_the_further_batches_to_the_executor) {
  recorder woken;
  sleepers all(dwell::core::wake_batch::capacity + 10);
  dwell::reactor::reactor r(woken, 1, now_ns(), {}, make());
  const dwell::base::atomic<std::uint32_t> called{0};
  const std::int64_t due = now_ns();
  for (std::size_t i = 0; i < all.size(); ++i) arm(r, all[i], due);
  ASSERT_TRUE(r.enter());
  dwell::core::wake_batch* const batch = r.wait(called);
  r.leave();
  ASSERT_NE(batch, nullptr);
  EXPECT_EQ(batch->count, dwell::core::wake_batch::capacity);
  EXPECT_EQ(woken.take_woken().size(), 10u);
  woken.submit(*batch);
}

// ---- A thread that attends itself ----

class reactor_thread : public dwell_test::on_pollers {};
INSTANTIATE_TEST_SUITE_P(kinds, reactor_thread, dwell_test::each_poller(), dwell_test::poller_name);

TEST_P(reactor_thread, that_attends_itself_fires_everything_and_can_be_stopped) {
  const watchdog alarm("a timer never fired");
  recorder woken;
  sleepers all(1'000);
  dwell::reactor::reactor r(woken, 1, now_ns(), {.attends_itself = true}, make());
  arm(r, all[0], now_ns());  // before the thread is there
  r.start_thread("attends", microseconds(50));
  for (std::size_t i = 1; i < all.size(); ++i)
    arm(r, all[i], now_ns() + static_cast<std::int64_t>(i % 7) * 10'000);
  wait_until_woken(woken, all.size());
  arm(r, all[0], now_ns() + hour_ns);
  r.stop_thread();
  EXPECT_EQ(r.pending_timers(), 1);
}

TEST_P(reactor_thread, that_attends_itself_hears_of_an_earlier_timer_while_it_waits) {
  const watchdog alarm("the thread overslept");
  const std::int64_t rounds = scaled(2'000);
  recorder woken;
  sleepers all(2);
  dwell::reactor::reactor r(woken, 1, now_ns(), {.attends_itself = true}, make());
  r.start_thread("told", microseconds(50));
  arm(r, all[0], now_ns() + hour_ns);
  for (std::int64_t i = 1; i <= rounds; ++i) {
    arm(r, all[1], now_ns());
    wait_until_woken(woken, static_cast<std::size_t>(i));
  }
  r.stop_thread();
}

TEST_P(reactor_thread, that_attends_itself_can_be_stopped_at_any_time) {
  const watchdog alarm("a thread never ended");
  for (std::int64_t i = 0; i < scaled(2'000); ++i) {
    recorder woken;
    dwell::reactor::reactor r(woken, 1, now_ns(), {.attends_itself = true}, make());
    r.start_thread("stops", microseconds(50));
    r.stop_thread();
  }
}

// ---- The watchman ----

TEST(reactor_watchman, fires_what_nobody_attends_to) {
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
  EXPECT_GE(r.counters().watches.get(), 1u);
}

TEST(reactor_watchman, is_told_of_a_timer_that_is_due_before_his_alarm) {
  const watchdog alarm("the watchman overslept");
  const std::int64_t rounds = scaled(2'000);
  recorder woken;
  sleepers all(1);
  dwell::reactor::reactor r(woken, 1, now_ns());
  r.start_thread("told", microseconds(50));
  arm(r, all[0], now_ns() + hour_ns);
  for (std::int64_t i = 1; i <= rounds; ++i) {
    arm(r, all[0], now_ns());
    wait_until_woken(woken, static_cast<std::size_t>(i));
  }
  r.stop_thread();
}

// Who took a small batch keeps it to itself; should that last, the others are asked to look around.
TEST(reactor_watchman, nudges_the_executor_when_a_batch_of_several_stays_with_one_worker) {
  const watchdog alarm("nobody was nudged");
  recorder woken;
  sleepers all(2);
  dwell::reactor::reactor r(woken, 1, now_ns());
  r.start_thread("nudges", microseconds(50));
  const dwell::base::atomic<std::uint32_t> called{0};
  ASSERT_TRUE(r.enter());
  for (std::size_t i = 0; i < 2; ++i) arm(r, all[i], now_ns());
  dwell::core::wake_batch* const batch = r.wait(called);
  r.leave();
  ASSERT_NE(batch, nullptr);
  if (batch->count == 2)
    while (woken.nudges() == 0) std::this_thread::yield();
  woken.submit(*batch);
  r.stop_thread();
}

TEST(reactor_watchman, can_be_stopped_at_any_time) {
  const watchdog alarm("the watchman did not stop");
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

// An attendant that moves the alarm meanwhile must not keep him from hearing of it.
TEST(reactor_watchman, can_be_stopped_while_another_attends) {
  const watchdog alarm("the watchman did not stop");
  const std::int64_t rounds = std::max<std::int64_t>(20, scaled(200));
  for (std::int64_t i = 0; i < rounds; ++i) {
    recorder woken;
    sleepers all(1);
    dwell::reactor::reactor r(woken, 1, now_ns());
    r.start_thread("stopped", microseconds(50));
    const attendant worker(r, woken);
    for (std::int64_t k = 0; k < i % 20; ++k) arm(r, all[0], now_ns() + k * 10'000);
    r.stop_thread();
  }
}

TEST(reactor_watchman, has_the_name_he_was_given) {
  const watchdog alarm("a timer never fired");
  static std::string name;
  recorder woken;
  sleepers all(1);
  woken.on_submit([](recorder&) {
    char text[16] = {};
    pthread_getname_np(pthread_self(), text, sizeof text);
    name = text;
  });
  dwell::reactor::reactor r(woken, 1, now_ns());
  r.start_thread("lazy", microseconds(321));
  arm(r, all[0], now_ns());
  wait_until_woken(woken, 1);
  r.stop_thread();
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
