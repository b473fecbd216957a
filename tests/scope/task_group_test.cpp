// with_task_group: children never outlive it, and all of their errors come out of it.
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/scale.hpp"
#include "support/sleepers.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::exception_group;
using dwell::join_handle;
using dwell::task;
using dwell::task_group;
using dwell::with_task_group;
using dwell_test::sleepers;
using namespace std::chrono_literals;

class a_task_group : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a task group"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_task_group, dwell_test::each_worker_count());

task<int> number(int n) { co_return n; }

task<> sleep_long() { co_await dwell::sleep_for(1h); }

task<> fail(const char* text) {
  co_await dwell::yield_now();
  throw std::runtime_error(text);
}

/// What `body` ends with: "value", "cancelled", or the text of its exception.
template <class T>
task<std::string> end_of(task<T> body) {
  try {
    static_cast<void>(co_await std::move(body));
  } catch (const std::exception& e) {
    co_return e.what();
  } catch (const dwell::cancelled&) {
    co_return "cancelled";
  }
  co_return "value";
}

TEST_P(a_task_group, gives_the_value_of_its_body_when_all_children_have_ended) {
  std::atomic<int> ended{0};
  const auto child = [&](int ms) -> task<> {
    co_await dwell::sleep_for(1ms * ms);
    ++ended;
  };
  auto main = with_task_group([&](task_group& group) -> task<int> {
    for (int i = 0; i < 5; ++i) group.spawn(child(i));
    co_return 7;
  });
  EXPECT_EQ(dwell::run(std::move(main), pool()), 7);
  EXPECT_EQ(ended, 5);
}

TEST_P(a_task_group, gives_references_and_nothing) {
  static int object = 0;
  const auto main = []() -> task<bool> {
    co_await with_task_group([](task_group&) -> task<> { co_return; });
    int& same = co_await with_task_group([](task_group&) -> task<int&> { co_return object; });
    co_return &same == &object;
  };
  EXPECT_TRUE(dwell::run(main(), pool()));
}

TEST_P(a_task_group, gives_the_results_of_its_children_through_their_handles) {
  const auto main = [](task_group& group) -> task<int> {
    auto first = group.spawn(number(42));
    auto second = group.spawn([n = std::make_unique<int>(11)]() -> task<int> {
      co_await dwell::sleep_for(1ms);
      co_return *n;
    });
    const int sum = co_await first;
    co_return sum + co_await second;
  };
  EXPECT_EQ(dwell::run(with_task_group(main), pool()), 53);
}

TEST_P(a_task_group, lets_a_handle_outlive_it) {
  const auto main = []() -> task<int> {
    join_handle<int> kept;
    co_await with_task_group([&](task_group& group) -> task<> {
      kept = group.spawn(number(3));
      co_return;
    });
    co_return co_await kept;
  };
  EXPECT_EQ(dwell::run(main(), pool()), 3);
}

TEST_P(a_task_group, lets_its_children_spawn) {
  std::atomic<int> alive{0};
  struct hydra {
    static task<> grow(task_group& group, std::atomic<int>& count, int depth) {
      ++count;
      if (depth == 0) co_return;
      group.spawn(grow(group, count, depth - 1));
      group.spawn(grow(group, count, depth - 1));
    }
  };
  dwell::run(
      with_task_group([&](task_group& group) -> task<> { co_await hydra::grow(group, alive, 9); }),
      pool());
  EXPECT_EQ(alive, 1023);
}

// ---- Errors ----

TEST_P(a_task_group, cancels_body_and_siblings_when_a_child_fails) {
  sleepers all;
  const auto body = [&](task_group& group) -> task<int> {
    for (int i = 0; i < 3; ++i) group.spawn(all.sleep());
    co_await all.all_begun(3);
    group.spawn(fail("boom"));
    co_await all.sleep();
    co_return 1;
  };
  EXPECT_EQ(dwell::run(end_of(with_task_group(body)), pool()), "1 error in a task group\n`- boom");
  EXPECT_EQ(all.stopped, 4);
}

TEST_P(a_task_group, cancels_its_children_when_its_body_fails) {
  sleepers all;
  const auto body = [&](task_group& group) -> task<> {
    for (int i = 0; i < 3; ++i) group.spawn(all.sleep());
    co_await all.all_begun(3);
    throw std::runtime_error("the body");
  };
  EXPECT_EQ(dwell::run(end_of(with_task_group(body)), pool()),
            "1 error in a task group\n`- the body");
  EXPECT_EQ(all.stopped, 3);
}

TEST_P(a_task_group, treats_what_its_callable_throws_as_an_error_of_its_body) {
  sleepers all;
  const auto no_coroutine = [&](task_group& group) -> task<> {
    group.spawn(all.sleep());
    throw std::runtime_error("no body");
  };
  EXPECT_EQ(dwell::run(end_of(with_task_group(no_coroutine)), pool()),
            "1 error in a task group\n`- no body");
}

TEST_P(a_task_group, gathers_all_errors) {
  // The sleeper turns its cancellation into an error of its own.
  std::atomic<bool> begun{false};
  const auto fails_late = [&]() -> task<> {
    begun = true;
    try {
      co_await sleep_long();
    } catch (const dwell::cancelled&) {
      throw std::runtime_error("late");
    }
  };
  const auto body = [&](task_group& group) -> task<> {
    group.spawn(fails_late());
    while (!begun) co_await dwell::yield_now();
    throw std::runtime_error("first");
  };
  EXPECT_EQ(dwell::run(end_of(with_task_group(body)), pool()),
            "2 errors in a task group\n|- first\n`- late");
}

TEST_P(a_task_group, gathers_an_error_of_a_body_that_was_being_cancelled) {
  const auto body = [&](task_group& group) -> task<> {
    group.spawn(fail("child"));
    try {
      co_await sleep_long();
    } catch (const dwell::cancelled&) {
      throw std::runtime_error("body");
    }
  };
  EXPECT_EQ(dwell::run(end_of(with_task_group(body)), pool()),
            "2 errors in a task group\n|- child\n`- body");
}

TEST_P(a_task_group, nests_the_errors_of_an_inner_one) {
  const auto inner = [](task_group& group) -> task<> {
    group.spawn(fail("deep"));
    co_await sleep_long();
  };
  const auto outer = [&](task_group& group) -> task<> {
    group.spawn(with_task_group(inner));
    co_await sleep_long();
  };
  EXPECT_EQ(dwell::run(end_of(with_task_group(outer)), pool()),
            "1 error in a task group\n`- 1 error in a task group\n   `- deep");
}

TEST_P(a_task_group, is_cancelled_silently_with_an_outer_one) {
  sleepers all;
  const auto inner = [&](task_group& group) -> task<> {
    group.spawn(all.sleep());
    co_await all.sleep();
  };
  const auto outer = [&](task_group& group) -> task<> {
    group.spawn(with_task_group(inner));
    co_await all.all_begun(2);
    throw std::runtime_error("outer");
  };
  EXPECT_EQ(dwell::run(end_of(with_task_group(outer)), pool()),
            "1 error in a task group\n`- outer");
  EXPECT_EQ(all.stopped, 2);
}

TEST_P(a_task_group, names_an_error_once_that_its_body_met_by_joining) {
  const auto body = [](task_group& group) -> task<> {
    auto child = group.spawn(fail("boom"));
    co_await child;
  };
  EXPECT_EQ(dwell::run(end_of(with_task_group(body)), pool()), "1 error in a task group\n`- boom");
}

TEST(a_task_group_on_one_worker, gives_a_waiting_joiner_the_error_of_the_child_itself) {
  // One worker: the child begins when the body waits for it.
  std::string met;
  const auto body = [&](task_group& group) -> task<> {
    auto child = group.spawn([]() -> task<> {
      co_await dwell::yield_now();
      throw std::runtime_error("itself");
    });
    met = co_await end_of([](join_handle<>& c) -> task<> { co_await c; }(child));
  };
  EXPECT_EQ(dwell_test::run_on(1, end_of(with_task_group(body))),
            "1 error in a task group\n`- itself");
  EXPECT_EQ(met, "itself");
}

std::atomic<int> unobserved{0};
void count_unobserved(std::exception_ptr, const std::source_location&) noexcept { ++unobserved; }

TEST_P(a_task_group, is_the_observer_of_its_children) {
  unobserved = 0;
  const auto before = dwell::set_unobserved_error_hook(&count_unobserved);
  const auto body = [](task_group& group) -> task<> {
    auto kept = group.spawn(fail("kept"));
    group.spawn(fail("dropped"));
    while (!kept.done()) co_await dwell::yield_now();
  };
  EXPECT_NE(dwell::run(end_of(with_task_group(body)), pool()), "value");
  dwell::set_unobserved_error_hook(before);
  EXPECT_EQ(unobserved, 0);
}

TEST_P(a_task_group, starts_nothing_after_a_failure) {
  std::atomic<bool> ran{false};
  std::string joined;
  const auto body = [&](task_group& group) -> task<> {
    group.spawn(fail("boom"));
    while (!group.cancelled()) {
      try {
        co_await dwell::yield_now();
      } catch (const dwell::cancelled&) {
      }
    }
    auto refused = group.spawn([&]() -> task<> {
      ran = true;
      co_return;
    });
    EXPECT_TRUE(refused.done());
    EXPECT_FALSE(refused.cancel());
  };
  EXPECT_EQ(dwell::run(end_of(with_task_group(body)), pool()), "1 error in a task group\n`- boom");
  EXPECT_FALSE(ran);
}

TEST_P(a_task_group, goes_on_spawning_until_an_error) {
  std::atomic<int> spawned{0};
  const auto body = [&](task_group& group) -> task<> {
    for (;;) {
      group.spawn(number(++spawned));
      if (spawned == 20) group.spawn(fail("enough"));
      co_await dwell::sleep_for(10us);
    }
  };
  EXPECT_EQ(dwell::run(end_of(with_task_group(body)), pool()),
            "1 error in a task group\n`- enough");
  EXPECT_GE(spawned, 20);
}

// ---- Cancellation ----

TEST_P(a_task_group, is_not_disturbed_by_a_child_that_is_cancelled_alone) {
  sleepers all;
  const auto body = [&](task_group& group) -> task<int> {
    auto child = group.spawn(all.sleep());
    co_await all.all_begun(1);
    EXPECT_TRUE(child.cancel());
    while (!child.done()) co_await dwell::yield_now();
    co_return 5;
  };
  EXPECT_EQ(dwell::run(with_task_group(body), pool()), 5);
  EXPECT_EQ(all.stopped, 1);
}

TEST_P(a_task_group, absorbs_its_own_cancel_when_its_body_owes_nothing) {
  sleepers all;
  const auto body = [&](task_group& group) -> task<> {
    for (int i = 0; i < 5; ++i) group.spawn(all.sleep());
    co_await all.all_begun(5);
    group.cancel();
    group.cancel();
    co_await all.sleep();
    ADD_FAILURE() << "an await that waits goes on in a cancelled group";
  };
  EXPECT_EQ(dwell::run(end_of(with_task_group(body)), pool()), "value");
  EXPECT_EQ(all.stopped, 6);
}

TEST_P(a_task_group, may_be_cancelled_by_a_child) {
  const auto body = [](task_group& group) -> task<> {
    group.spawn([&]() -> task<> {
      group.cancel();
      co_return;
    });
    co_await sleep_long();
  };
  EXPECT_EQ(dwell::run(end_of(with_task_group(body)), pool()), "value");
}

TEST_P(a_task_group, gives_the_value_of_a_body_that_returns_after_its_own_cancel) {
  const auto body = [](task_group& group) -> task<int> {
    group.spawn(sleep_long());
    group.cancel();
    co_return 4;
  };
  EXPECT_EQ(dwell::run(with_task_group(body), pool()), 4);
}

TEST_P(a_task_group, throws_cancelled_when_its_own_cancel_stopped_a_body_that_owes_a_value) {
  const auto body = [](task_group& group) -> task<int> {
    group.cancel();
    co_await sleep_long();
    co_return 4;
  };
  EXPECT_EQ(dwell::run(end_of(with_task_group(body)), pool()), "cancelled");
}

TEST_P(a_task_group, stops_its_children_when_its_body_ends_by_a_cancellation_from_elsewhere) {
  sleepers all;
  const auto body = [&](task_group& group) -> task<> {
    group.spawn(all.sleep());
    auto other = dwell::spawn(sleep_long());
    co_await all.all_begun(1);
    other.cancel();
    co_await other;
  };
  EXPECT_EQ(dwell::run(end_of(with_task_group(body)), pool()), "cancelled");
  EXPECT_EQ(all.stopped, 1);
}

TEST_P(a_task_group, passes_a_cancellation_from_outside_to_all_and_on) {
  sleepers all;
  std::string end;
  const auto body = [&](task_group& group) -> task<> {
    for (int i = 0; i < 5; ++i) group.spawn(all.sleep());
    co_await all.sleep();
  };
  const auto outer = [&](task_group& group) -> task<> {
    const auto inner = [&]() -> task<> { end = co_await end_of(with_task_group(body)); };
    group.spawn(inner());
    co_await all.all_begun(6);
    group.cancel();
  };
  dwell::run(with_task_group(outer), pool());
  EXPECT_EQ(end, "cancelled");
  EXPECT_EQ(all.stopped, 6);
}

TEST_P(a_task_group, lets_its_errors_beat_a_cancellation_from_outside_which_stays) {
  std::string end;
  std::string next;
  std::atomic<bool> begun{false};
  const auto fails_when_cancelled = [&]() -> task<> {
    begun = true;
    try {
      co_await sleep_long();
    } catch (const dwell::cancelled&) {
      throw std::runtime_error("in cleanup");
    }
  };
  const auto inner = [&]() -> task<> {
    end = co_await end_of(with_task_group([&](task_group& group) -> task<> {
      group.spawn(fails_when_cancelled());
      co_await sleep_long();
    }));
    next = co_await end_of(sleep_long());
  };
  const auto outer = [&](task_group& group) -> task<> {
    group.spawn(inner());
    while (!begun) co_await dwell::yield_now();
    group.cancel();
  };
  dwell::run(with_task_group(outer), pool());
  EXPECT_EQ(end, "1 error in a task group\n`- in cleanup");
  EXPECT_EQ(next, "cancelled");
}

TEST_P(a_task_group, does_not_begin_in_a_cancelled_scope) {
  bool began = false;
  std::string end;
  const auto outer = [&](task_group& group) -> task<> {
    group.cancel();
    end = co_await end_of(with_task_group([&](task_group&) -> task<> {
      began = true;
      co_return;
    }));
  };
  dwell::run(with_task_group(outer), pool());
  EXPECT_EQ(end, "cancelled");
  EXPECT_FALSE(began);
}

TEST_P(a_task_group, is_drained_at_shutdown) {
  sleepers all;
  const auto body = [&](task_group& group) -> task<> {
    group.spawn(all.sleep());
    co_await all.sleep();
  };
  const auto main = [&]() -> task<> {
    dwell::spawn(with_task_group(body)).detach();
    co_await all.all_begun(2);
  };
  dwell::run(main(), pool());
  EXPECT_EQ(all.stopped, 2);
}

// ---- Under load ----

TEST_P(a_task_group, ends_once_however_its_children_end) {
  const auto child = [](int i) -> task<int> {
    if (i % 3 == 1) co_await dwell::yield_now();
    if (i % 3 == 2) co_await dwell::sleep_for(1us * (i % 50));
    if (i % 7 == 5) throw std::runtime_error("sometimes");
    co_return i;
  };
  const auto body = [&](task_group& group, int round) -> task<> {
    std::vector<join_handle<int>> handles;
    for (int i = 0; i < 12; ++i) handles.push_back(group.spawn(child(round % 4 == 0 ? i : 3 * i)));
    if (round % 5 == 0) co_await handles[11];
    if (round % 5 == 1) group.cancel();
    if (round % 5 == 2) handles[2].cancel();
  };
  const auto rounds = [&](std::int64_t n) -> task<> {
    for (std::int64_t i = 0; i < n; ++i)
      static_cast<void>(co_await end_of(
          with_task_group([&](task_group& group) { return body(group, static_cast<int>(i)); })));
  };
  dwell::run(rounds(dwell_test::scaled(5'000)), pool());
}

TEST_P(a_task_group, holds_a_hundred_thousand_sleepers_and_stops_them) {
  sleepers all;
  const auto count = static_cast<int>(dwell_test::scaled(100'000));
  const auto body = [&](task_group& group) -> task<> {
    for (int i = 0; i < count; ++i) group.spawn(all.sleep());
    co_await dwell::sleep_for(1ms);
    group.spawn(fail("boom"));
  };
  EXPECT_EQ(dwell::run(end_of(with_task_group(body)), pool()), "1 error in a task group\n`- boom");
  EXPECT_LE(all.stopped, count);
}

// ---- Mistakes ----

// The result of a body goes when the group has ended.
struct cancels_when_it_goes {
  task_group& group;
  explicit cancels_when_it_goes(task_group& g) noexcept : group(g) {}
  cancels_when_it_goes(const cancels_when_it_goes&) noexcept = default;
  cancels_when_it_goes& operator=(const cancels_when_it_goes&) = delete;
  ~cancels_when_it_goes() { group.cancel(); }
};

TEST(task_group_death, says_that_it_has_ended) {
  const auto body = [](task_group& group) -> task<cancels_when_it_goes> {
    const cancels_when_it_goes result(group);
    co_return result;
  };
  EXPECT_DEATH((void)dwell_test::run_on(1, with_task_group(body)),
               "dwell: task_group::cancel: the group has ended; only its body and its children");
}

TEST(task_group_death, says_that_a_task_is_empty) {
  const auto body = [](task_group& group) -> task<> {
    group.spawn(task<>());
    co_return;
  };
  EXPECT_DEATH(dwell_test::run_on(1, with_task_group(body)),
               "task_group::spawn: the task is empty");
}

}  // namespace
