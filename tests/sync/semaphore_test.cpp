// semaphore: n permits, first come, first served, none ever lost.
#include <atomic>
#include <cstdint>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/cancel_when.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::semaphore;
using dwell::task;
using dwell_test::watchdog;

class a_semaphore : public dwell_test::on_workers {};
INSTANTIATE_TEST_SUITE_P(workers, a_semaphore, dwell_test::each_worker_count());

task<> acquire_and_note(semaphore& s, std::size_t n, std::vector<int>& order, int who) {
  const semaphore::permit permit = co_await s.acquire(n);
  EXPECT_EQ(permit.count(), n);
  order.push_back(who);
}

// Becomes the `place`th to wait in `s`, for `n` permits.
task<> stand_in_line(semaphore& s, std::size_t place, std::size_t n, std::vector<int>& order) {
  co_await dwell_test::until([&s, place] { return s.statistics().waiters == place; });
  co_await acquire_and_note(s, n, order, static_cast<int>(place));
}

task<> release_when_waiting(semaphore& s, std::size_t waiters, std::size_t n) {
  co_await dwell_test::until([&s, waiters] { return s.statistics().waiters == waiters; });
  s.release(n);
}

TEST_P(a_semaphore, lets_as_many_in_as_it_has_permits) {
  const watchdog dog("semaphore: limit");
  const std::int64_t rounds = dwell_test::scaled(500);
  semaphore s(3);
  std::atomic<int> inside{0};
  std::atomic<int> most{0};
  const auto worker = [&]() -> task<> {
    for (std::int64_t i = 0; i < rounds; ++i) {
      const semaphore::permit permit = co_await s.acquire();
      const int now = ++inside;
      for (int seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
      }
      co_await dwell::yield_now();
      // Once as many as may be are inside together, however the workers run.
      co_await dwell_test::until([&] { return most == 3; });
      --inside;
    }
  };
  const auto all = [&]() -> task<> {
    std::vector<task<>> children;
    for (int i = 0; i < 10; ++i) children.push_back(worker());
    co_await dwell::gather(std::move(children));
  };
  dwell::run(all(), pool());
  EXPECT_EQ(most, 3);
  EXPECT_EQ(s.statistics().available, 3U);
  EXPECT_EQ(s.statistics().acquired, static_cast<std::uint64_t>(10 * rounds));
}

TEST_P(a_semaphore, serves_in_the_order_of_arrival) {
  semaphore s(0);
  std::atomic<std::size_t> served{0};
  std::vector<std::size_t> order;
  const auto waiter = [&](std::size_t place) -> task<> {
    co_await dwell_test::until([&] { return s.statistics().waiters == place; });
    (co_await s.acquire()).forget();
    order.push_back(place);
    ++served;
  };
  const auto one_by_one = [&]() -> task<> {
    co_await dwell_test::until([&] { return s.statistics().waiters == 4; });
    for (std::size_t i = 1; i <= 4; ++i) {
      s.release();
      co_await dwell_test::until([&] { return served == i; });
    }
  };
  const auto scenario = [&]() -> task<> {
    auto all = dwell::gather(waiter(0), waiter(1), waiter(2), waiter(3), one_by_one());
    co_await std::move(all);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(order, (std::vector<std::size_t>{0, 1, 2, 3}));
}

TEST_P(a_semaphore, lets_no_small_request_overtake_a_large_one) {
  semaphore s(0);
  std::vector<int> order;
  const auto releases = [&]() -> task<> {
    co_await dwell_test::until([&] { return s.statistics().waiters == 2; });
    s.release(2);
    EXPECT_EQ(s.statistics().waiters, 2U);
    EXPECT_FALSE(s.try_acquire(1).has_value());
    s.release(1);
  };
  const auto scenario = [&]() -> task<> {
    auto all =
        dwell::gather(stand_in_line(s, 0, 3, order), stand_in_line(s, 1, 1, order), releases());
    co_await std::move(all);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(order, (std::vector<int>{0, 1}));
  EXPECT_EQ(s.statistics().available, 3U);
}

TEST(a_semaphore_on_one_worker, runs_those_it_lets_in_at_once_in_their_order) {
  semaphore s(0);
  std::vector<int> order;
  const auto scenario = [&]() -> task<> {
    std::vector<task<>> children;
    for (std::size_t i = 0; i < 4; ++i) children.push_back(stand_in_line(s, i, 1, order));
    children.push_back(release_when_waiting(s, 4, 4));
    co_await dwell::gather(std::move(children));
  };
  dwell::run(scenario(), dwell_test::workers(1));
  EXPECT_EQ(order, (std::vector<int>{0, 1, 2, 3}));
}

TEST_P(a_semaphore, gives_nothing_and_everything_to_a_request_for_none) {
  semaphore s(0);
  std::vector<int> order;
  dwell::run(acquire_and_note(s, 0, order, 1), pool());
  EXPECT_EQ(order, std::vector<int>{1});
}

TEST_P(a_semaphore, is_released_by_a_foreign_thread) {
  const watchdog dog("semaphore: foreign release");
  const auto rounds = static_cast<std::size_t>(dwell_test::scaled(2'000));
  semaphore s(0);
  dwell::outside_work work;
  std::thread foreign([&, keep = std::move(work)] {
    for (std::size_t i = 0; i < rounds; ++i) s.release();
  });
  const auto takes = [&]() -> task<> {
    for (std::size_t i = 0; i < rounds / 2; ++i) (co_await s.acquire()).forget();
  };
  const auto both = [&]() -> task<> {
    auto all = dwell::gather(takes(), takes());
    co_await std::move(all);
  };
  dwell::run(both(), pool());
  foreign.join();
  EXPECT_EQ(s.statistics().available, rounds % 2);
}

TEST(a_permit, goes_back_once) {
  semaphore s(5);
  semaphore::permit none;
  EXPECT_FALSE(none);
  none = *s.try_acquire(2);
  EXPECT_EQ(s.statistics().available, 3U);
  semaphore::permit moved = std::move(none);
  EXPECT_EQ(moved.count(), 2U);
  moved.release();
  moved.release();
  EXPECT_EQ(s.statistics().available, 5U);
  s.try_acquire(1)->forget();
  EXPECT_EQ(s.statistics().available, 4U);
  EXPECT_FALSE(s.try_acquire(5).has_value());
}

TEST_P(a_semaphore, that_nobody_will_release_is_a_deadlock) {
  const auto waits = []() -> task<> {
    semaphore s(0);
    const semaphore::permit permit = co_await s.acquire();
  };
  try {
    dwell::run(waits(), pool());
    FAIL() << "no deadlock was reported";
  } catch (const dwell::deadlock_error& e) {
    EXPECT_NE(std::string(e.what()).find("semaphore::acquire"), std::string::npos) << e.what();
  }
}

// ---- Cancellation ----

TEST_P(a_semaphore, serves_the_third_when_the_second_is_cancelled_before_it_was_woken) {
  semaphore s(0);
  std::vector<int> order;
  const auto scenario = [&]() -> task<> {
    auto first = dwell_test::cancel_when(stand_in_line(s, 0, 1, order),
                                         [&] { return s.statistics().waiters == 2; });
    const auto releases = [&]() -> task<> {
      co_await dwell_test::until([&] { return s.statistics().contended == 2; });
      co_await dwell_test::until([&] { return s.statistics().waiters == 1; });
      s.release();
    };
    auto all = dwell::gather(std::move(first), stand_in_line(s, 1, 1, order), releases());
    co_await std::move(all);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(order, std::vector<int>{1});
  EXPECT_EQ(s.statistics().available, 1U);
}

TEST_P(a_semaphore, lets_small_requests_in_when_the_large_one_before_them_is_cancelled) {
  semaphore s(1);
  std::vector<int> order;
  const auto scenario = [&]() -> task<> {
    auto large = dwell_test::cancel_when(stand_in_line(s, 0, 2, order),
                                         [&] { return s.statistics().waiters == 2; });
    auto both = dwell::gather(std::move(large), stand_in_line(s, 1, 1, order));
    co_await std::move(both);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(order, std::vector<int>{1});
  EXPECT_EQ(s.statistics().available, 1U);
}

TEST_P(a_semaphore, loses_no_permit_when_releases_meet_cancels) {
  const watchdog dog("semaphore: release against cancel");
  constexpr std::size_t permits = 4;
  const auto once = [](semaphore& s, std::atomic<std::size_t>& got) -> task<> {
    const auto takes = [&]() -> task<> {
      (co_await s.acquire()).forget();
      ++got;
    };
    dwell::outside_work work;
    std::atomic<bool> go{false};
    std::thread foreign([&] {
      while (!go) std::this_thread::yield();
      for (std::size_t i = 0; i < permits; ++i) s.release();
    });
    const auto all = [&]() -> task<> {
      std::vector<task<>> children;
      for (std::size_t i = 0; i < 2 * permits; ++i) children.push_back(takes());
      co_await dwell::gather(std::move(children));
    };
    auto cancelled = dwell_test::cancel_when(
        all(), [&] { return s.statistics().waiters == 2 * permits && (go = true); });
    co_await std::move(cancelled);
    foreign.join();
  };
  for (std::int64_t i = 0; i < dwell_test::scaled(300); ++i) {
    semaphore s(0);
    std::atomic<std::size_t> got{0};
    dwell::run(once(s, got), pool());
    ASSERT_EQ(got + s.statistics().available, permits);
    ASSERT_EQ(s.statistics().waiters, 0U);
  }
}

// ---- Mistakes ----

TEST(semaphore_death, says_that_it_must_outlive_its_waits) {
  const auto scenario = []() -> task<> {
    auto s = std::make_unique<semaphore>(0);
    semaphore& waited = *s;
    const auto waits = [&]() -> task<> { (co_await waited.acquire()).forget(); };
    auto waiter = dwell::spawn(waits());
    co_await dwell_test::until([&] { return waited.statistics().waiters == 1; });
    s.reset();
    co_await waiter;
  };
  EXPECT_DEATH(dwell_test::run_on(1, scenario()),
               "dwell: semaphore::acquire: what it waits in was destroyed; it must outlive its "
               "waits: join or cancel the tasks that wait first");
}

TEST(semaphore_death, says_that_more_was_released_than_it_counts) {
  EXPECT_DEATH(semaphore(SIZE_MAX).release(),
               "dwell: semaphore::release: more permits than a size_t counts");
}

}  // namespace
