// When every task sleeps and nothing could wake one, run() says so; when something could, never.
#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <thread>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/task/park.hpp>

#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::join_handle;
using dwell::task;
using testing::HasSubstr;
using namespace std::chrono_literals;

// A wait that nothing ever ends but a cancel, as an event would be that nobody sets.
class never : public dwell::core::wait {
 public:
  never() noexcept : wait(kind) {}
  static constexpr bool await_ready() noexcept { return false; }
  [[nodiscard]] bool await_suspend(std::coroutine_handle<> self) noexcept {
    return dwell::core::begin_wait(*this, self) && dwell::core::end_wait(*this);
  }
  void await_resume() { dwell::core::finish_wait(*this); }

 private:
  static const dwell::core::wait_kind kind;
};
const dwell::core::wait_kind never::kind{"an event nobody sets",
                                         [](wait&) noexcept { return true; }};

struct never_op {
  never operator co_await() const noexcept { return never(); }
};

class a_deadlock : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a deadlock report"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_deadlock, dwell_test::each_worker_count());

template <class T>
std::string report_of(task<T> main, const dwell::settings& s) {
  try {
    dwell::run(std::move(main), s);
  } catch (const dwell::deadlock_error& e) {
    return e.what();
  }
  return "no deadlock was reported";
}

constexpr unsigned event_line = __LINE__ + 1;
task<> waits_for_an_event() { co_await never_op(); }

task<> awaits_the_waiter() { co_await waits_for_an_event(); }

TEST_P(a_deadlock, is_reported_with_what_is_awaited_and_where) {
  const std::string report = report_of(awaits_the_waiter(), pool());
  EXPECT_THAT(report, HasSubstr("deadlock: every task sleeps and nothing is left that could wake "
                                "one (no timer, no socket, no oneshot sender, no outside_work)"));
  EXPECT_THAT(report, HasSubstr("awaits an event nobody sets"));
  EXPECT_THAT(report, HasSubstr("waits_for_an_event"));
  EXPECT_THAT(report, HasSubstr("deadlock_test.cpp:" + std::to_string(event_line)));
  EXPECT_THAT(report, HasSubstr("awaits_the_waiter"));
}

TEST_P(a_deadlock, behind_a_shield_is_reported_and_broken) {
  const auto body = [](dwell::cancel_scope& s) -> task<> {
    s.cancel();  // what a cancellation has left alone already
    co_await dwell::shield(dwell::shield(waits_for_an_event()));
  };
  const std::string report = report_of(dwell::with_cancel_scope(body), pool());
  EXPECT_THAT(report, HasSubstr("awaits an event nobody sets"));
  EXPECT_THAT(report, HasSubstr("waits_for_an_event"));
}

TEST_P(a_deadlock, is_none_while_a_deadline_is_to_come) {
  EXPECT_FALSE(dwell::run(dwell::move_on_after(100ms, waits_for_an_event()), pool()));
}

constexpr unsigned join_line = __LINE__ + 3;
task<> joins(dwell::oneshot_receiver<join_handle<>*> told) {
  join_handle<>* const other = co_await told;
  co_await *other;
}

TEST_P(a_deadlock, of_two_tasks_that_join_each_other_is_reported) {
  join_handle<> a;  // they outlive the run: a handle is not dropped while it is being joined
  join_handle<> b;
  const auto tangle = [&]() -> task<> {
    auto first = dwell::make_oneshot<join_handle<>*>();
    auto second = dwell::make_oneshot<join_handle<>*>();
    a = dwell::spawn(joins(std::move(first.second)));
    b = dwell::spawn(joins(std::move(second.second)));
    first.first.send(&b);
    second.first.send(&a);
    co_await a.wait();
  };
  const std::string report = report_of(tangle(), pool());
  EXPECT_THAT(report, HasSubstr("deadlock_test.cpp:" + std::to_string(join_line)));
  std::size_t waits = 0;
  for (std::size_t at = 0; (at = report.find("awaits join_handle", at)) != std::string::npos; ++at)
    ++waits;
  EXPECT_EQ(waits, 3U) << report;
}

TEST_P(a_deadlock, is_reported_for_the_children_of_a_gather) {
  const auto main = []() -> task<> {
    auto children = dwell::gather(waits_for_an_event(), waits_for_an_event());
    co_await std::move(children);
  };
  const std::string report = report_of(main(), pool());
  const std::size_t first = report.find("waits_for_an_event");
  ASSERT_NE(first, std::string::npos) << report;
  EXPECT_NE(report.find("waits_for_an_event", first + 1), std::string::npos) << report;
}

TEST_P(a_deadlock, is_reported_after_timers_have_run_out) {
  const auto main = []() -> task<> {
    co_await dwell::sleep_for(5ms);
    co_await never_op();
  };
  EXPECT_THAT(report_of(main(), pool()), HasSubstr("deadlock: "));
}

TEST_P(a_deadlock, ends_the_main_task_by_a_cancellation) {
  bool cancelled = false;
  const auto main = [&]() -> task<> {
    try {
      co_await never_op();
    } catch (const dwell::cancelled&) {
      cancelled = true;
      throw;
    }
  };
  EXPECT_THAT(report_of(main(), pool()), HasSubstr("deadlock: "));
  EXPECT_TRUE(cancelled);
}

// ---- What is none ----

TEST_P(a_deadlock, is_not_a_sleep) {
  const auto main = []() -> task<> { co_await dwell::sleep_for(60ms); };
  EXPECT_EQ(report_of(main(), pool()), "no deadlock was reported");
}

TEST_P(a_deadlock, is_not_a_wait_for_a_thread_that_sends_later) {
  auto ends = dwell::make_oneshot<int>();
  std::thread sender([to = std::move(ends.first)]() mutable {
    std::this_thread::sleep_for(200ms);
    to.send(1);
  });
  const auto main = [](dwell::oneshot_receiver<int> from) -> task<> { co_await from; };
  EXPECT_EQ(report_of(main(std::move(ends.second)), pool()), "no deadlock was reported");
  sender.join();
}

TEST_P(a_deadlock, is_not_a_wait_for_a_thread_that_drops_its_sender_later) {
  auto ends = dwell::make_oneshot<int>();
  std::thread dropper([to = std::move(ends.first)]() mutable {
    std::this_thread::sleep_for(50ms);
    const auto gone = std::move(to);
  });
  const auto main = [](dwell::oneshot_receiver<int> from) -> task<> { co_await from; };
  EXPECT_THROW(dwell::run(main(std::move(ends.second)), pool()), dwell::oneshot_closed);
  dropper.join();
}

TEST_P(a_deadlock, is_not_a_task_that_computes_for_long) {
  const auto computes = []() -> task<> {
    const auto end = std::chrono::steady_clock::now() + 50ms;
    while (std::chrono::steady_clock::now() < end) {
    }
    co_return;
  };
  const auto main = [&]() -> task<> {
    auto handle = dwell::spawn(computes());
    co_await handle;
  };
  EXPECT_EQ(report_of(main(), pool()), "no deadlock was reported");
}

TEST(runtime_object, reports_no_deadlock_because_others_may_spawn) {
  // Only the thread that owns the runtime could know that nobody will.
  const dwell_test::watchdog dog("a runtime that waits");
  dwell::runtime rt(dwell_test::workers(1));
  auto ends = dwell::make_oneshot<int>();
  auto* const to = &ends.first;
  const auto main = [](dwell::oneshot_receiver<int> from) -> task<int> { co_return co_await from; };
  std::thread later([&] {
    std::this_thread::sleep_for(50ms);
    const auto sends = [](dwell::oneshot_sender<int>& s) -> task<> {
      s.send(5);
      co_return;
    };
    rt.run(sends(*to));
  });
  EXPECT_EQ(rt.run(main(std::move(ends.second))), 5);
  later.join();
}

}  // namespace
