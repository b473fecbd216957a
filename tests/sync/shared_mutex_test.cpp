// shared_mutex: many readers or one writer, first come, first served.
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

using dwell::shared_mutex;
using dwell::task;
using dwell_test::watchdog;

class a_shared_mutex : public dwell_test::on_workers {};
INSTANTIATE_TEST_SUITE_P(workers, a_shared_mutex, dwell_test::each_worker_count());

// Becomes the `place`th to wait, then calls `then` with the lock.
template <class Then>
task<> write_in_line(shared_mutex& m, std::size_t place, Then then) {
  co_await dwell_test::until([&m, place] { return m.statistics().waiters == place; });
  const shared_mutex::guard guard = co_await m.lock();
  then();
}

template <class Then>
task<> read_in_line(shared_mutex& m, std::size_t place, Then then) {
  co_await dwell_test::until([&m, place] { return m.statistics().waiters == place; });
  const shared_mutex::shared_guard guard = co_await m.lock_shared();
  then();
}

template <class Guard>
task<> unlock_when_waiting(shared_mutex& m, std::size_t waiters, Guard held) {
  co_await dwell_test::until([&m, waiters] { return m.statistics().waiters == waiters; });
  held.unlock();
}

TEST_P(a_shared_mutex, keeps_writers_from_readers_and_from_each_other) {
  const watchdog dog("shared_mutex: exclusion");
  const std::int64_t rounds = dwell_test::scaled(1'000);
  shared_mutex m;
  std::int64_t written = 0;  // plain: the mutex alone protects it
  std::atomic<int> readers{0};
  const auto writer = [&]() -> task<> {
    for (std::int64_t i = 0; i < rounds; ++i) {
      const shared_mutex::guard guard = co_await m.lock();
      EXPECT_EQ(readers, 0);
      ++written;
      if (i % 8 == 0) co_await dwell::yield_now();
    }
  };
  const auto reader = [&]() -> task<> {
    for (std::int64_t i = 0; i < rounds; ++i) {
      const shared_mutex::shared_guard guard = co_await m.lock_shared();
      ++readers;
      const std::int64_t before = written;
      if (i % 8 == 0) co_await dwell::yield_now();
      EXPECT_EQ(written, before);
      --readers;
    }
  };
  const auto all = [&]() -> task<> {
    std::vector<task<>> children;
    for (int i = 0; i < 2; ++i) children.push_back(writer());
    for (int i = 0; i < 4; ++i) children.push_back(reader());
    co_await dwell::gather(std::move(children));
  };
  dwell::run(all(), pool());
  EXPECT_EQ(written, 2 * rounds);
  EXPECT_EQ(m.statistics().acquired, static_cast<std::uint64_t>(2 * rounds));
  EXPECT_EQ(m.statistics().acquired_shared, static_cast<std::uint64_t>(4 * rounds));
}

TEST_P(a_shared_mutex, has_many_readers_at_once) {
  const watchdog dog("shared_mutex: readers together");
  shared_mutex m;
  const auto reader = [&]() -> task<> {
    const shared_mutex::shared_guard guard = co_await m.lock_shared();
    co_await dwell_test::until([&] { return m.statistics().acquired_shared == 3; });
  };
  const auto all = [&]() -> task<> {
    auto children = dwell::gather(reader(), reader(), reader());
    co_await std::move(children);
  };
  dwell::run(all(), pool());
  EXPECT_EQ(m.statistics().readers, 0U);
}

TEST_P(a_shared_mutex, lets_no_reader_overtake_a_waiting_writer) {
  shared_mutex m;
  std::string order;
  const auto scenario = [&]() -> task<> {
    shared_mutex::shared_guard held = co_await m.lock_shared();
    const auto write = [&] { order += 'w'; };
    const auto read = [&] { order += 'r'; };
    auto all = dwell::gather(write_in_line(m, 0, write), read_in_line(m, 1, read),
                             unlock_when_waiting(m, 2, std::move(held)));
    co_await std::move(all);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(order, "wr");
}

TEST_P(a_shared_mutex, lets_the_readers_behind_a_writer_in_together) {
  const watchdog dog("shared_mutex: readers let in together");
  shared_mutex m;
  const auto together = [&](std::size_t place) -> task<> {
    co_await dwell_test::until([&m, place] { return m.statistics().waiters == place; });
    const shared_mutex::shared_guard guard = co_await m.lock_shared();
    co_await dwell_test::until([&m] { return m.statistics().acquired_shared == 2; });
  };
  const auto scenario = [&]() -> task<> {
    shared_mutex::guard held = co_await m.lock();
    auto all = dwell::gather(together(0), together(1), unlock_when_waiting(m, 2, std::move(held)));
    co_await std::move(all);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(m.statistics().contended, 2U);
}

TEST_P(a_shared_mutex, lets_the_readers_in_when_the_writer_before_them_is_cancelled) {
  const watchdog dog("shared_mutex: cancelled writer");
  shared_mutex m;
  std::string order;
  const auto scenario = [&]() -> task<> {
    const shared_mutex::shared_guard held = co_await m.lock_shared();
    auto writer = dwell_test::cancel_when(write_in_line(m, 0, [&] { order += 'w'; }),
                                          [&] { return m.statistics().waiters == 2; });
    auto both = dwell::gather(std::move(writer), read_in_line(m, 1, [&] { order += 'r'; }));
    co_await std::move(both);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(order, "r");
}

TEST_P(a_shared_mutex, loses_nothing_when_an_unlock_meets_a_cancel) {
  const watchdog dog("shared_mutex: unlock against cancel");
  const auto once = [](shared_mutex& m) -> task<> {
    std::optional<shared_mutex::shared_guard> held = m.try_lock_shared();
    dwell::outside_work work;
    std::atomic<bool> go{false};
    std::thread foreign([&] {
      while (!go) std::this_thread::yield();
      held.reset();
    });
    const auto when = [&] { return m.statistics().waiters == 2 && (go = true); };
    auto writer = dwell_test::cancel_when(write_in_line(m, 0, [] {}), when);
    auto both = dwell::gather(std::move(writer), read_in_line(m, 1, [] {}));
    co_await std::move(both);
    foreign.join();
  };
  for (std::int64_t i = 0; i < dwell_test::scaled(300); ++i) {
    shared_mutex m;
    dwell::run(once(m), pool());
    ASSERT_TRUE(m.try_lock().has_value());
  }
}

TEST(a_shared_mutex_alone, is_tried_without_waiting) {
  shared_mutex m;
  auto reader = m.try_lock_shared();
  EXPECT_TRUE(reader.has_value());
  EXPECT_TRUE(m.try_lock_shared().has_value());
  EXPECT_FALSE(m.try_lock().has_value());
  reader.reset();
  const auto writer = m.try_lock();
  EXPECT_TRUE(writer.has_value());
  EXPECT_TRUE(m.statistics().locked);
  EXPECT_FALSE(m.try_lock_shared().has_value());
}

TEST(shared_mutex_death, says_that_it_must_outlive_its_guards) {
  EXPECT_DEATH(
      {
        auto m = std::make_unique<shared_mutex>();
        auto held = m->try_lock_shared();
        m.reset();
      },
      "dwell: shared_mutex: destroyed while it is locked; it must outlive its guards");
}

}  // namespace
