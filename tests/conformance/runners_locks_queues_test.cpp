// asyncio's test_runners, test_locks and test_queues. The number is the row in README.md.
#include <atomic>
#include <exception>
#include <gtest/gtest.h>
#include <source_location>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "conformance/case.hpp"

namespace {

using namespace conformance;
using dwell::event;
using dwell::mutex;
using dwell::semaphore;
using dwell::spawn;

// For a moment that only statistics() shows.
template <class When>
task<> until(When when) {
  while (!when()) co_await dwell::yield_now();
}

TEST(test_runners, run_from_running_loop) {  // 84
  run_case([]() -> task<> {
    EXPECT_THROW(dwell::run(give(1)), dwell::would_block_worker);
    co_return;
  });
}

TEST(test_runners, run_cancels_hanging_tasks) {  // 85
  std::string end;
  run_case([&]() -> task<> {
    event begun;
    const auto hangs = [](event& started, std::string& how) -> task<> {
      started.set();
      how = co_await end_of(forever());
    };
    spawn(hangs(begun, end)).detach();
    co_await begun.wait();
  });
  EXPECT_EQ(end, "cancelled");
}

std::string reported;

TEST(test_runners, run_reports_hanging_tasks_errors) {  // 86
  const auto before = dwell::set_unobserved_error_hook(
      [](std::exception_ptr error, const std::source_location&) noexcept {
        reported += describe(error);
      });
  event begun;
  run_case([&]() -> task<> {
    reported.clear();
    begun.reset();
    spawn(fail_when_cancelled(begun, "at the end")).detach();
    co_await begun.wait();
  });
  dwell::set_unobserved_error_hook(before);
  EXPECT_EQ(reported, "at the end");
}

TEST(test_locks, cancel_race) {  // 87
  run_case([]() -> task<> {
    mutex lock;
    std::atomic<int> locked{0};
    const auto locks = [&]() -> task<> {
      const mutex::guard held = co_await lock.lock();
      ++locked;
    };
    mutex::guard mine = co_await lock.lock();
    auto first = spawn(locks());
    co_await until([&] { return lock.statistics().waiters == 1; });
    auto second = spawn(locks());
    co_await until([&] { return lock.statistics().waiters == 2; });
    first.cancel();
    mine.unlock();
    EXPECT_EQ(co_await end_of_await(first), "cancelled");
    co_await second;
    EXPECT_EQ(locked, 1);
    EXPECT_FALSE(lock.statistics().locked);
  });
}

TEST(test_locks, wait_cancel_after_notify) {  // 88, differs
  run_case([]() -> task<> {
    mutex lock;
    dwell::condition changed;
    std::string end;
    const auto waits = [&]() -> task<> {
      mutex::guard held = co_await lock.lock();
      co_await changed.wait(held);
      EXPECT_TRUE(lock.statistics().locked);
      end = "notified";
      EXPECT_TRUE(co_await is_cancelled_here());
    };
    auto waiter = spawn(waits());
    co_await until([&] { return changed.statistics().waiters == 1; });
    {
      const mutex::guard held = co_await lock.lock();
      changed.notify_one();
      waiter.cancel();
    }
    co_await waiter;
    EXPECT_EQ(end, "notified") << "a notification that was given is not lost";
    EXPECT_FALSE(lock.statistics().locked);
  });
}

TEST(test_locks, acquire_cancel_before_awoken) {  // 89
  run_case([]() -> task<> {
    semaphore permits(0);
    std::atomic<int> served{0};
    const auto acquires = [&]() -> task<> {
      semaphore::permit one = co_await permits.acquire();
      ++served;
      one.forget();
    };
    auto first = spawn(acquires());
    auto second = spawn(acquires());
    co_await until([&] { return permits.statistics().waiters == 2; });
    auto third = spawn(acquires());
    co_await until([&] { return permits.statistics().waiters == 3; });
    first.cancel();
    second.cancel();
    permits.release();
    co_await third;
    EXPECT_EQ(served, 1);
    EXPECT_EQ(co_await end_of_await(first), "cancelled");
    EXPECT_EQ(co_await end_of_await(second), "cancelled");
  });
}

TEST(test_locks, acquire_fifo_order_4) {  // 90
  run_case([]() -> task<> {
    semaphore permits(0);
    std::vector<int> order;
    std::vector<dwell::join_handle<>> all;
    const auto acquires = [&](int place) -> task<> {
      const semaphore::permit one = co_await permits.acquire();
      order.push_back(place);  // one permit: one at a time
    };
    for (int i = 0; i < 4; ++i) {
      all.push_back(spawn(acquires(i)));
      const auto waiting = static_cast<std::size_t>(i) + 1;
      co_await until([&] { return permits.statistics().waiters == waiting; });
    }
    all[1].cancel();
    EXPECT_EQ(co_await end_of_await(all[1]), "cancelled");
    permits.release();
    co_await all[0];
    co_await all[2];
    co_await all[3];
    EXPECT_EQ(order, (std::vector<int>{0, 2, 3}));
    EXPECT_EQ(permits.statistics().available, 1U);
  });
}

TEST(test_queues, get_cancel_drop_one_pending_reader) {  // 91
  run_case([]() -> task<> {
    auto ends = dwell::make_channel<int>(1);
    auto& tx = ends.first;
    auto& rx = ends.second;
    auto reader = spawn([&rx]() -> task<int> { co_return co_await rx.receive(); });
    co_await until([&rx] { return rx.statistics().waiting_receivers == 1; });
    reader.cancel();
    EXPECT_EQ(co_await end_of_await(reader), "cancelled");
    co_await tx.send(7);
    EXPECT_EQ(co_await rx.receive(), 7) << "the item is for the next reader";
  });
}

TEST(test_queues, shutdown_nonempty) {  // 92
  run_case([]() -> task<> {
    auto ends = dwell::make_channel<int>(2);
    auto& [tx, rx] = ends;
    co_await tx.send(1);
    co_await tx.send(2);
    tx.close();
    EXPECT_EQ(co_await rx.receive(), 1);
    EXPECT_EQ(co_await rx.receive(), 2);
    EXPECT_THROW(co_await rx.receive(), dwell::channel_closed);
    EXPECT_THROW(co_await tx.send(3), dwell::channel_closed);
  });
}

}  // namespace
