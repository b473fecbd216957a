// The cancel sweep over what tasks wait for in `scope` and `offload`.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "conformance/sweep.hpp"
#include "support/gate.hpp"

namespace {

using namespace sweep;
using namespace std::chrono_literals;

// ---- What ends by itself ----

struct ends_by_itself : awaitable {
  task<> complete(join_handle<>&) override { co_return; }
};

struct sleep_for final : ends_by_itself {
  task<> wait() override { co_await dwell::sleep_for(50us); }
};

struct sleep_until final : ends_by_itself {
  task<> wait() override {
    co_await dwell::sleep_until(std::chrono::steady_clock::time_point{});  // has passed
  }
};

struct yield_now final : ends_by_itself {
  task<> wait() override {
    for (int i = 0; i < 8; ++i) co_await dwell::yield_now();
  }
};

struct checkpoint final : ends_by_itself {
  task<> wait() override {
    for (int i = 0; i < 8; ++i) co_await dwell::checkpoint();
  }
};

// ---- Combinators, over tasks that wait for an event ----

// Counts the tasks inside: when the combinator has ended, none is left.
struct over_tasks : awaitable {
  dwell::event go;
  std::atomic<int> begun{0};
  std::atomic<int> ended{0};

  task<int> inner() {
    ++begun;
    struct counts_at_end {
      std::atomic<int>& count;
      explicit counts_at_end(std::atomic<int>& c) noexcept : count(c) {}
      counts_at_end(const counts_at_end&) = delete;
      counts_at_end& operator=(const counts_at_end&) = delete;
      ~counts_at_end() { ++count; }
    };
    const counts_at_end at_end(ended);
    co_await go.wait();
    co_return 1;
  }
  [[nodiscard]] std::vector<task<int>> inners() {
    std::vector<task<int>> all;
    for (int i = 0; i < 3; ++i) all.push_back(inner());
    return all;
  }
  task<> complete(join_handle<>&) override {
    go.set();
    co_return;
  }
  task<> check(bool got) override {
    EXPECT_EQ(begun, ended) << "none outlives its combinator";
    if (got) {
      EXPECT_GE(begun, 1);
    }
    EXPECT_EQ(go.statistics().waiters, 0U);
    co_return;
  }
};

struct gather_arguments final : over_tasks {
  task<> wait() override { co_await dwell::gather(inner(), inner()); }
};

struct gather_range final : over_tasks {
  task<> wait() override { co_await dwell::gather(inners()); }
};

struct gather_settled final : over_tasks {
  task<> wait() override { co_await dwell::gather_settled(inner(), inner()); }
};

struct race final : over_tasks {
  task<> wait() override { co_await dwell::race(inner(), inner()); }
};

struct as_completed final : over_tasks {
  task<> wait() override {
    const auto body = [](dwell::completions<int>& ends) -> task<> {
      while (co_await ends.next()) {
      }
    };
    co_await dwell::as_completed(inners(), body);
  }
};

struct map_limited final : over_tasks {
  task<> wait() override {
    co_await dwell::map_limited(std::vector<int>(5), 2, [this](int) { return inner(); });
  }
};

struct map_limited_settled final : over_tasks {
  task<> wait() override {
    co_await dwell::map_limited_settled(std::vector<int>(5), 2, [this](int) { return inner(); });
  }
};

struct timeout final : over_tasks {
  task<> wait() override { co_await dwell::timeout(1h, inner()); }
};

struct timeout_at final : over_tasks {
  task<> wait() override {
    co_await dwell::timeout_at(std::chrono::steady_clock::time_point::max(), inner());
  }
};

// The deadline, the cancellation and the value come all three.
struct move_on_after final : over_tasks {
  task<> wait() override { co_await dwell::move_on_after(20us, inner()); }
  task<> check(bool) override {
    co_await over_tasks::check(false);  // a value may come without the task having begun
  }
};

struct idle_timeout final : over_tasks {
  task<> wait() override {
    const auto body = [this](dwell::progress& further) -> task<int> {
      further();
      co_return co_await inner();
    };
    co_await dwell::idle_timeout(1h, body);
  }
};

struct shield final : over_tasks {
  task<> wait() override { co_await dwell::shield(inner()); }
  task<> check(bool got) override {
    EXPECT_TRUE(got || begun == 0) << "nothing enters a shield";
    co_await over_tasks::check(got);
  }
};

struct finally final : over_tasks {
  std::atomic<int> waited{0};
  std::atomic<int> cleaned{0};

  task<> wait() override {
    ++waited;
    const auto cleanup = [this]() -> task<> {
      co_await dwell::yield_now();
      ++cleaned;
    };
    co_await dwell::finally(inner(), cleanup);
  }
  task<> check(bool got) override {
    EXPECT_EQ(waited, cleaned) << "the cleanup runs in any case";
    co_await over_tasks::check(got);
  }
};

struct with_cancel_scope final : over_tasks {
  task<> wait() override {
    const auto body = [this](dwell::cancel_scope&) { return inner(); };
    co_await dwell::with_cancel_scope(body);
  }
};

struct with_task_group final : over_tasks {
  task<> wait() override {
    const auto body = [this](dwell::task_group& group) -> task<> {
      group.spawn(inner());
      group.spawn(inner());
      co_await inner();
    };
    co_await dwell::with_task_group(body);
  }
};

struct task_group_start final : over_tasks {
  task<> wait() override {
    const auto child = [this](dwell::task_status<int>& status) -> task<> {
      status.started(co_await inner());
    };
    const auto body = [&](dwell::task_group& group) -> task<> {
      const int got = co_await group.start<int>(child);
      EXPECT_EQ(got, 1);
    };
    co_await dwell::with_task_group(body);
  }
};

// ---- Joins ----

struct joins : over_tasks {
  join_handle<int> handle;

  // The spawned task is not the victim's to cancel.
  task<> check(bool got) override {
    if (handle.joinable()) {
      EXPECT_EQ(co_await handle, 1);
    }
    co_await over_tasks::check(got);
  }
};

struct join final : joins {
  task<> wait() override {
    handle = dwell::spawn(inner());
    EXPECT_EQ(co_await handle, 1);
    EXPECT_FALSE(handle.joinable());
  }
};

struct handle_wait final : joins {
  task<> wait() override {
    handle = dwell::spawn(inner());
    co_await handle.wait();
    EXPECT_TRUE(handle.done());
  }
};

// ---- Other threads ----

// A function that blocks until it is let go, counted where it begins and ends.
struct on_threads : awaitable {
  struct shared {
    dwell_test::gate go;
    std::atomic<int> begun{0};
    std::atomic<int> ended{0};
  };
  const std::shared_ptr<shared> state = std::make_shared<shared>();

  // Holds its own share: an abandoned function outlives the await.
  [[nodiscard]] auto function() const {
    return [s = state] {
      ++s->begun;
      s->go.pass();
      ++s->ended;
    };
  }
  task<> complete(join_handle<>&) override {
    state->go.open();
    co_return;
  }
  task<> check(bool got) override {
    EXPECT_EQ(state->begun, state->ended);
    if (got) {
      EXPECT_EQ(state->ended, 1);
    }
    co_return;
  }
};

struct blocking final : on_threads {
  task<> wait() override { co_await dwell::blocking(function()); }
};

struct blocking_abandoned final : on_threads {
  task<> wait() override { co_await dwell::blocking(dwell::abandon_on_cancel, function()); }
  task<> check(bool got) override {
    if (got) {
      EXPECT_EQ(state->ended, 1);
    }
    EXPECT_LE(state->begun, 1);
    co_return;
  }
};

struct compute final : on_threads {
  task<> wait() override { co_await dwell::compute(function()); }
};

// Functions that end by themselves.
struct job : ends_by_itself {
  std::atomic<int> calls{0};

  task<> check(bool got) override {
    EXPECT_LE(calls, 1);
    if (got) {
      EXPECT_EQ(calls, 1);
    }
    co_return;
  }
};

struct blocking_job final : job {
  task<> wait() override {
    co_await dwell::blocking([this] { ++calls; });
  }
};

struct compute_job final : job {
  task<> wait() override {
    co_await dwell::compute([this] { ++calls; });
  }
};

// ---- Locals, limits, retries and shared calls ----

struct with_local final : over_tasks {
  const dwell::task_local<int> local;
  task<> wait() override { co_await dwell::with_local(local, 7, inner()); }
};

// One slot, which the trial holds until it completes the await.
struct limiter_acquire : awaitable {
  const std::string_view key;
  dwell::limiter limit{1};
  std::optional<dwell::limiter::slot> held = limit.try_acquire(key);

  explicit limiter_acquire(std::string_view k = {}) : key(k) {}

  task<> wait() override {
    auto slot = co_await limit.acquire(key);
    EXPECT_EQ(limit.statistics().in_flight, 1U);
  }
  task<> complete(join_handle<>&) override {
    held.reset();
    co_return;
  }
  task<> check(bool) override {
    const auto left = limit.statistics();
    EXPECT_EQ(left.in_flight, 0U) << "no slot is lost";
    EXPECT_EQ(left.waiters, 0U);
    EXPECT_EQ(left.keys, 0U);
    co_return;
  }
};

struct limiter_acquire_by_key final : limiter_acquire {
  limiter_acquire_by_key() : limiter_acquire("a key") {}
};

// A bucket that is empty at first and full again soon.
struct rate_limiter_acquire final : ends_by_itself {
  dwell::rate_limiter rate{1, 20us, 1};
  std::optional<dwell::rate_limiter::reservation> first = rate.try_acquire();

  task<> wait() override {
    auto taken = co_await rate.acquire();
    EXPECT_EQ(taken.weight(), 1);
  }
  task<> check(bool) override {
    EXPECT_EQ(rate.statistics().waiters, 0U);
    auto next = co_await rate.acquire();
    EXPECT_EQ(next.weight(), 1) << "it goes on for others";
  }
};

struct retry_attempt final : over_tasks {
  task<> wait() override {
    const dwell::retry_policy policy;
    co_await dwell::retry(policy, [this] { return inner(); });
  }
};

// Fails once, pauses, and succeeds.
struct retry_pause final : ends_by_itself {
  std::atomic<int> attempts{0};

  task<> wait() override {
    const auto fails_once = [this](std::uint32_t attempt) -> task<> {
      ++attempts;
      if (attempt == 1) throw std::runtime_error("once");
      co_return;
    };
    dwell::retry_policy policy;
    policy.first_pause = 50us;
    co_await dwell::retry(policy, fails_once);
  }
  task<> check(bool got) override {
    EXPECT_LE(attempts, 2);
    if (got) {
      EXPECT_EQ(attempts, 2);
    }
    co_return;
  }
};

struct single_flight_call final : over_tasks {
  dwell::single_flight<int, int> flights;

  task<> wait() override {
    EXPECT_EQ(co_await flights.run(1, [this] { return inner(); }), 1);
  }
  task<> check(bool got) override {
    EXPECT_EQ(flights.statistics().flights, 0U);
    co_await over_tasks::check(got);
  }
};

// Another's call runs; who waits for it goes without a trace.
struct single_flight_wait final : over_tasks {
  dwell::single_flight<int, int> flights;
  join_handle<int> other;

  task<> fly() {
    EXPECT_EQ(co_await flights.run(1, [this] { return inner(); }), 1);
  }
  task<int> first() {
    co_await fly();
    co_return 1;
  }
  task<> wait() override {
    other = dwell::spawn(first());
    while (begun == 0) co_await dwell::shield(yields());
    co_await fly();
  }
  static task<> yields() { co_await dwell::yield_now(); }
  task<> check(bool got) override {
    if (other.joinable()) {
      EXPECT_EQ(co_await other, 1) << "a cancelled waiter cancels nobody else's call";
    }
    EXPECT_EQ(flights.statistics().flights, 0U);
    co_await over_tasks::check(got);
  }
};

const row rows[] = {
    {"sleep_for", &make<sleep_for>},
    {"sleep_until", &make<sleep_until>},
    {"yield_now", &make<yield_now>},
    {"checkpoint", &make<checkpoint>},
    {"gather_arguments", &make<gather_arguments>},
    {"gather_range", &make<gather_range>},
    {"gather_settled", &make<gather_settled>},
    {"race", &make<race>},
    {"as_completed", &make<as_completed>},
    {"map_limited", &make<map_limited>},
    {"map_limited_settled", &make<map_limited_settled>},
    {"timeout", &make<timeout>},
    {"timeout_at", &make<timeout_at>},
    {"move_on_after", &make<move_on_after>},
    {"idle_timeout", &make<idle_timeout>},
    {"shield", &make<shield>},
    {"finally", &make<finally>},
    {"with_cancel_scope", &make<with_cancel_scope>},
    {"with_task_group", &make<with_task_group>},
    {"task_group_start", &make<task_group_start>},
    {"join_handle", &make<join>},
    {"join_handle_wait", &make<handle_wait>},
    {"blocking_job", &make<blocking_job>},
    {"compute_job", &make<compute_job>},
    {"with_local", &make<with_local>},
    {"limiter_acquire", &make<limiter_acquire>},
    {"limiter_acquire_by_key", &make<limiter_acquire_by_key>},
    {"rate_limiter_acquire", &make<rate_limiter_acquire>},
    {"retry_in_an_attempt", &make<retry_attempt>},
    {"retry_in_a_pause", &make<retry_pause>},
    {"single_flight_calling", &make<single_flight_call>},
    {"single_flight_waiting", &make<single_flight_wait>},
};

// What blocks a thread until another lets it go.
const row rows_on_threads[] = {
    {"blocking", &make<blocking>},
    {"blocking_abandon_on_cancel", &make<blocking_abandoned>},
    {"compute", &make<compute>},
};

class scope_sweep : public every_await {};
INSTANTIATE_TEST_SUITE_P(awaits, scope_sweep, testing::ValuesIn(rows), name_of);

INSTANTIATE_TEST_SUITE_P(awaits_of_threads, scope_sweep, testing::ValuesIn(rows_on_threads),
                         name_of);

class scope_sweep_simulated : public every_simulated_await {};
INSTANTIATE_TEST_SUITE_P(awaits, scope_sweep_simulated, testing::ValuesIn(rows), name_of);

TEST_P(scope_sweep_simulated, leaves_nothing_behind_over_the_seeds) { sweep_seeds(); }

TEST_P(scope_sweep, leaves_nothing_behind_on_one_worker) { sweep_on(1); }
TEST_P(scope_sweep, leaves_nothing_behind_on_two_workers) { sweep_on(2); }
TEST_P(scope_sweep, leaves_nothing_behind_on_four_workers) { sweep_on(4); }

}  // namespace
