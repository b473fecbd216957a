// The cancel sweep over what tasks wait for in `scope` and `offload`.
#include <atomic>
#include <chrono>
#include <cstddef>
#include <gtest/gtest.h>
#include <memory>
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
    {"blocking", &make<blocking>},
    {"blocking_abandon_on_cancel", &make<blocking_abandoned>},
    {"compute", &make<compute>},
};

class scope_sweep : public every_await {};
INSTANTIATE_TEST_SUITE_P(awaits, scope_sweep, testing::ValuesIn(rows), name_of);

TEST_P(scope_sweep, leaves_nothing_behind_on_one_worker) { sweep_on(1); }
TEST_P(scope_sweep, leaves_nothing_behind_on_two_workers) { sweep_on(2); }
TEST_P(scope_sweep, leaves_nothing_behind_on_four_workers) { sweep_on(4); }

}  // namespace
