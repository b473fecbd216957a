// limiter: so many at a time, so many for each key, fair between keys, no slot ever lost.
#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <gtest/gtest.h>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/cancel_when.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::limiter;
using dwell::limiter_options;
using dwell::task;
using dwell_test::until;

class a_limiter : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a limiter"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_limiter, dwell_test::each_worker_count());

limiter_options options(std::size_t capacity, std::size_t per_key, std::size_t queue = SIZE_MAX) {
  limiter_options o;
  o.capacity = capacity;
  o.per_key = per_key;
  o.queue = queue;
  return o;
}

// Who was let in, and the slots that they handed over; they may be let in on several workers.
class visitors {
 public:
  void enter(const std::string& key, limiter::slot slot) {
    const std::lock_guard guard(lock_);
    order_ += key;
    slots_.push_back(std::move(slot));
  }
  void hand_over(std::vector<limiter::slot>& to) {
    const std::lock_guard guard(lock_);
    for (limiter::slot& s : slots_) to.push_back(std::move(s));
    slots_.clear();
  }
  [[nodiscard]] std::string order() {
    const std::lock_guard guard(lock_);
    return order_;
  }

 private:
  std::mutex lock_;
  std::string order_;
  std::vector<limiter::slot> slots_;
};

// Becomes the `place`th to wait; notes `key` when it is let in, and hands its slot over.
task<> stand_in_line(limiter& l, std::size_t place, std::string key, visitors& inside) {
  co_await until([&l, place] { return l.statistics().waiters == place; });
  limiter::slot slot = co_await l.acquire(key);
  inside.enter(key, std::move(slot));
}

// Lets in, one after the other and by `open`, those who ask for `keys`, and tells the order.
template <class Open>
task<std::string> served(limiter& l, std::string_view keys, Open open) {
  visitors inside;
  const auto opens = [&]() -> task<> {
    std::vector<limiter::slot> held;
    for (std::size_t i = 1; i <= keys.size(); ++i) {
      if (i == 1) co_await until([&] { return l.statistics().waiters == keys.size(); });
      inside.hand_over(held);
      open(i, held);
      co_await until([&] { return inside.order().size() >= i; });
    }
  };
  std::vector<task<>> all;
  for (std::size_t i = 0; i < keys.size(); ++i)
    all.push_back(stand_in_line(l, i, std::string(1, keys[i]), inside));
  all.push_back(opens());
  co_await dwell::gather(std::move(all));
  co_return inside.order();
}

TEST_P(a_limiter, lets_in_as_many_as_its_capacity_and_no_more_of_a_key_than_that_of_a_key) {
  const std::int64_t rounds = dwell_test::scaled(200);
  limiter l(options(5, 2));
  std::atomic<std::size_t> inside{0};
  std::atomic<std::size_t> most{0};
  const auto worker = [&](std::string key) -> task<> {
    for (std::int64_t i = 0; i < rounds; ++i) {
      const limiter::slot slot = co_await l.acquire(key);
      const std::size_t now = ++inside;
      for (std::size_t seen = most; now > seen && !most.compare_exchange_weak(seen, now);) {
      }
      EXPECT_LE(l.statistics(key).in_flight, 2U);
      co_await dwell::yield_now();
      // Once as many as may be are inside together, however the workers run.
      co_await until([&] { return most == 5; });
      --inside;
    }
  };
  const auto all = [&]() -> task<> {
    std::vector<task<>> children;
    for (int i = 0; i < 12; ++i) children.push_back(worker(std::string(1, "abc"[i % 3])));
    co_await dwell::gather(std::move(children));
  };
  dwell::run(all(), pool());
  EXPECT_EQ(most, 5U);
  const dwell::limiter_statistics s = l.statistics();
  EXPECT_EQ(s.in_flight + s.waiters + s.keys, 0U);
  EXPECT_EQ(s.acquired, static_cast<std::uint64_t>(12 * rounds));
}

TEST_P(a_limiter, serves_one_key_in_the_order_of_arrival) {
  limiter l(0);
  std::vector<std::size_t> order;
  const auto waiter = [&](std::size_t place) -> task<> {
    co_await until([&] { return l.statistics().waiters == place; });
    const limiter::slot slot = co_await l.acquire();
    order.push_back(place);
  };
  const auto opens = [&]() -> task<> {
    co_await until([&] { return l.statistics().waiters == 4; });
    l.set_capacity(1);
  };
  const auto scenario = [&]() -> task<> {
    auto all = dwell::gather(waiter(0), waiter(1), waiter(2), waiter(3), opens());
    co_await std::move(all);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(order, (std::vector<std::size_t>{0, 1, 2, 3}));
}

TEST_P(a_limiter, gives_the_next_slot_to_the_key_with_the_fewest_in_flight) {
  limiter l(0);
  const auto more = [&](std::size_t i, std::vector<limiter::slot>&) { l.set_capacity(i); };
  // a leads by arrival, then b and c are behind in flight, then a again.
  EXPECT_EQ(dwell::run(served(l, "aaaabbc", more), pool()), "abcabaa");
  EXPECT_EQ(l.statistics().in_flight, 0U);
}

TEST_P(a_limiter, counts_what_comes_back_for_its_key) {
  limiter l(2);
  std::optional<limiter::slot> a = l.try_acquire("a");
  std::optional<limiter::slot> b = l.try_acquire("b");
  const auto back = [&](std::size_t i, std::vector<limiter::slot>& held) {
    if (i == 1) b->release();  // a: 1 in flight, b: 0
    if (i == 2) a->release();  // a: 0, b: 1
    if (i == 3) held.clear();  // both
  };
  EXPECT_EQ(dwell::run(served(l, "aab", back), pool()).substr(0, 2), "ba");
}

TEST_P(a_limiter, lets_no_key_beyond_its_capacity_hold_up_another) {
  limiter l(options(2, 1));
  limiter::slot a = *l.try_acquire("a");
  EXPECT_FALSE(l.try_acquire("a").has_value());
  const auto waits = [&]() -> task<> { const limiter::slot s = co_await l.acquire("a"); };
  const auto passes = [&]() -> task<> {
    co_await until([&] { return l.statistics("a").waiters == 1; });
    const limiter::slot s = co_await l.acquire("b");
    EXPECT_EQ(l.statistics().contended, 1U);
    a.release();
  };
  const auto scenario = [&]() -> task<> {
    auto both = dwell::gather(waits(), passes());
    co_await std::move(both);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(l.statistics().acquired, 3U);
}

TEST_P(a_limiter, whose_capacity_grows_for_each_key_lets_in_who_waits) {
  limiter l(options(10, 0));
  std::atomic<int> in{0};
  const auto waits = [&](std::string key) -> task<> {
    const limiter::slot s = co_await l.acquire(key);
    ++in;
    co_await until([&] { return in == 4; });
  };
  const auto opens = [&]() -> task<> {
    co_await until([&] { return l.statistics().waiters == 4; });
    l.set_per_key(1);
    co_await until([&] { return in == 2; });
    EXPECT_EQ(l.statistics().waiters, 2U);
    l.set_per_key(2);
  };
  const auto scenario = [&]() -> task<> {
    auto all = dwell::gather(waits("a"), waits("a"), waits("b"), waits("b"), opens());
    co_await std::move(all);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(in, 4);
}

TEST_P(a_limiter, whose_capacity_shrinks_takes_no_slot_away) {
  limiter l(2);
  limiter::slot first = *l.try_acquire();
  limiter::slot second = *l.try_acquire();
  l.set_capacity(1);
  first.release();
  EXPECT_FALSE(l.try_acquire().has_value());
  second.release();
  EXPECT_TRUE(l.try_acquire().has_value());
}

TEST_P(a_limiter, with_a_full_queue_refuses) {
  limiter l(options(1, 1, 1));
  limiter::slot held = *l.try_acquire();
  const auto waits = [&]() -> task<> { const limiter::slot s = co_await l.acquire(); };
  const auto refused = [&]() -> task<> {
    co_await until([&] { return l.statistics().waiters == 1; });
    bool full = false;
    try {
      (void)co_await l.acquire("other");
    } catch (const dwell::limiter_full&) {
      full = true;
    }
    EXPECT_TRUE(full);
    held.release();
  };
  const auto scenario = [&]() -> task<> {
    auto both = dwell::gather(waits(), refused());
    co_await std::move(both);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(l.statistics().refused, 1U);
  EXPECT_EQ(l.statistics().keys, 0U);
}

TEST_P(a_limiter, is_released_by_a_foreign_thread) {
  limiter l(1);
  limiter::slot held = *l.try_acquire();
  dwell::outside_work work;
  std::thread foreign([&, keep = std::move(work)] {
    while (l.statistics().waiters == 0) std::this_thread::yield();
    held.release();
  });
  const auto waits = [&]() -> task<> { const limiter::slot s = co_await l.acquire("k"); };
  dwell::run(waits(), pool());
  foreign.join();
  EXPECT_EQ(l.statistics().in_flight, 0U);
}

TEST(a_slot, goes_back_once) {
  limiter l(2);
  limiter::slot none;
  EXPECT_FALSE(none);
  none = *l.try_acquire("k");
  limiter::slot moved = std::move(none);
  EXPECT_TRUE(moved);
  EXPECT_EQ(l.statistics("k").in_flight, 1U);
  moved.release();
  moved.release();
  EXPECT_EQ(l.statistics().in_flight, 0U);
  EXPECT_EQ(l.statistics().keys, 0U);
}

TEST_P(a_limiter, that_nobody_will_release_is_a_deadlock) {
  const auto waits = []() -> task<> {
    limiter l(0);
    const limiter::slot slot = co_await l.acquire();
  };
  try {
    dwell::run(waits(), pool());
    FAIL() << "no deadlock was reported";
  } catch (const dwell::deadlock_error& e) {
    EXPECT_NE(std::string(e.what()).find("limiter::acquire"), std::string::npos) << e.what();
  }
}

// ---- Cancellation ----

TEST_P(a_limiter, serves_the_next_when_one_in_line_is_cancelled) {
  limiter l(0);
  visitors inside;
  const auto scenario = [&]() -> task<> {
    auto first = dwell_test::cancel_when(stand_in_line(l, 0, "a", inside),
                                         [&] { return l.statistics().waiters == 2; });
    const auto opens = [&]() -> task<> {
      co_await until([&] { return l.statistics().contended == 2; });
      co_await until([&] { return l.statistics().waiters == 1; });
      l.set_capacity(1);
    };
    auto all = dwell::gather(std::move(first), stand_in_line(l, 1, "b", inside), opens());
    co_await std::move(all);
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(inside.order(), "b");
  EXPECT_EQ(l.statistics().keys, 1U);
}

TEST_P(a_limiter, gives_nothing_in_a_cancelled_scope) {
  limiter l(1);
  const auto body = [&](dwell::cancel_scope& scope) -> task<> {
    scope.cancel();
    const limiter::slot slot = co_await l.acquire("k");
    ADD_FAILURE() << "went on";
  };
  const auto scenario = [&]() -> task<> {
    auto scoped = dwell::with_cancel_scope(body);
    EXPECT_FALSE(co_await std::move(scoped));
  };
  dwell::run(scenario(), pool());
  EXPECT_EQ(l.statistics().acquired, 0U);
  EXPECT_EQ(l.statistics().keys, 0U);
}

// Slots come back on a foreign thread while those who wait for them are cancelled.
TEST_P(a_limiter, loses_no_slot_when_releases_meet_cancels) {
  constexpr std::size_t slots = 4;
  const auto once = [](limiter& l) -> task<> {
    std::vector<limiter::slot> held;
    for (std::size_t i = 0; i < slots; ++i) held.push_back(*l.try_acquire(i % 2 == 0 ? "a" : "b"));
    dwell::outside_work work;
    std::atomic<bool> go{false};
    std::thread foreign([&] {
      while (!go) std::this_thread::yield();
      held.clear();
    });
    const auto takes = [&](std::string key) -> task<> {
      const limiter::slot s = co_await l.acquire(key);
      co_await dwell::yield_now();
    };
    const auto all = [&]() -> task<> {
      std::vector<task<>> children;
      for (std::size_t i = 0; i < 3 * slots; ++i)
        children.push_back(takes(std::string(1, "abc"[i % 3])));
      co_await dwell::gather(std::move(children));
    };
    auto cancelled = dwell_test::cancel_when(
        all(), [&] { return l.statistics().waiters == 3 * slots && (go = true); });
    co_await std::move(cancelled);
    foreign.join();
  };
  for (std::int64_t i = 0; i < dwell_test::scaled(200); ++i) {
    limiter l(options(slots, 3));
    dwell::run(once(l), pool());
    const dwell::limiter_statistics s = l.statistics();
    ASSERT_EQ(s.in_flight + s.waiters + s.keys, 0U);
  }
}

// ---- Mistakes ----

TEST(limiter_death, says_that_it_must_outlive_its_slots) {
  const auto scenario = [] {
    auto l = std::make_unique<limiter>(1);
    const limiter::slot slot = *l->try_acquire();
    l.reset();
  };
  EXPECT_DEATH(scenario(), "dwell: limiter: destroyed while slots are held");
}

}  // namespace
