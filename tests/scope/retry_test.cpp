// retry: attempts, pauses, hints and deadlines, and a budget that nested retries share.
#include <algorithm>
#include <chrono>
#include <cstdint>
#include <exception>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "support/cancel_when.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::retry;
using dwell::retry_policy;
using dwell::task;
using namespace std::chrono_literals;
using steady = std::chrono::steady_clock;

class a_retry : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a retry"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_retry, dwell_test::each_worker_count());

class busy : public std::runtime_error {
 public:
  explicit busy(const std::string& what) : std::runtime_error(what) {}
};

class busy_until : public std::runtime_error, public dwell::retry_hint {
 public:
  explicit busy_until(std::chrono::nanoseconds after)
      : std::runtime_error("busy"), retry_hint(after) {}
};

retry_policy attempts(std::uint32_t n) {
  retry_policy p;
  p.max_attempts = n;
  p.first_pause = 1us;
  p.longest_pause = 10us;
  return p;
}

// Fails `failures` times, then gives how often it was called.
auto fails(int& calls, int failures) {
  return [&calls, failures]() -> task<int> {
    co_await dwell::yield_now();
    if (++calls <= failures) throw busy("failure " + std::to_string(calls));
    co_return calls;
  };
}

// What ends `body`: its error's text, "cancelled", or "value".
template <class T>
task<std::string> how_it_ends(task<T> body) {
  try {
    (void)co_await std::move(body);
  } catch (const std::exception& e) {
    co_return e.what();
  } catch (const dwell::cancelled&) {
    co_return "cancelled";
  }
  co_return "value";
}

TEST_P(a_retry, gives_the_first_value) {
  int calls = 0;
  EXPECT_EQ(dwell::run(retry(attempts(1), fails(calls, 0)), pool()), 1);
  EXPECT_EQ(dwell::run(retry(attempts(4), fails(calls, 3)), pool()), 4);
}

TEST_P(a_retry, throws_the_last_error_after_the_last_attempt) {
  int calls = 0;
  EXPECT_EQ(dwell::run(how_it_ends(retry(attempts(3), fails(calls, 100))), pool()), "failure 3");
  EXPECT_EQ(calls, 3);
}

TEST_P(a_retry, tells_the_attempt_to_whom_asks) {
  std::vector<std::uint32_t> seen;
  const auto fn = [&](std::uint32_t attempt) -> task<> {
    seen.push_back(attempt);
    if (attempt < 3) throw busy("again");
    co_return;
  };
  dwell::run(retry(attempts(3), fn), pool());
  EXPECT_EQ(seen, (std::vector<std::uint32_t>{1, 2, 3}));
}

TEST_P(a_retry, repeats_only_what_the_policy_says) {
  retry_policy policy = attempts(5);
  policy.retries = dwell::retry_on<std::logic_error, dwell::timed_out>;
  int calls = 0;
  EXPECT_EQ(dwell::run(how_it_ends(retry(policy, fails(calls, 9))), pool()), "failure 1");
  EXPECT_EQ(calls, 1);
  policy.retries = dwell::retry_on<std::logic_error, busy>;
  EXPECT_EQ(dwell::run(how_it_ends(retry(policy, fails(calls, 9))), pool()), "failure 6");
}

TEST_P(a_retry, never_repeats_what_was_cancelled) {
  int calls = 0;
  const auto joins_the_cancelled = [&]() -> task<> {
    ++calls;
    const auto sleeps = []() -> task<> { co_await dwell::sleep_for(1h); };
    auto child = dwell::spawn(sleeps());
    child.cancel();
    co_await child;
  };
  EXPECT_EQ(dwell::run(how_it_ends(retry(attempts(5), joins_the_cancelled)), pool()), "cancelled");
  EXPECT_EQ(calls, 1);
}

TEST_P(a_retry, that_pauses_ends_with_its_scope) {
  retry_policy policy = attempts(5);
  policy.first_pause = policy.longest_pause = std::chrono::hours(1'000'000);
  bool failed = false;
  const auto fn = [&]() -> task<> {
    failed = true;
    throw busy("once");
    co_return;
  };
  const auto scenario = [&](dwell::cancel_scope& scope) -> task<> {
    const auto cancels = [&]() -> task<> {
      co_await dwell_test::until([&] { return failed; });
      scope.cancel();
    };
    auto both = dwell::gather(retry(policy, fn), cancels());
    co_await std::move(both);
  };
  EXPECT_FALSE(dwell::run(dwell::with_cancel_scope(scenario), dwell_test::workers(1)));
}

// ---- Pauses ----

// What the plan says after so many failures, the outermost scope being that of this task.
task<std::chrono::nanoseconds> pause_after(retry_policy policy, int failures,
                                           std::exception_ptr error) {
  dwell::core::join& scope = co_await dwell::scope::own_scope();
  dwell::scope::retry_plan plan(policy, scope);
  std::chrono::nanoseconds pause{};
  for (int i = 0; i < failures; ++i) pause = plan.pause_after(error);
  co_return pause;
}

// The longest of 200 pauses after so many failures.
task<std::chrono::nanoseconds> longest_pause_after(retry_policy policy, int failures) {
  const auto error = std::make_exception_ptr(busy("x"));
  std::chrono::nanoseconds most{};
  std::chrono::nanoseconds least = 1h;
  for (int i = 0; i < 200; ++i) {
    const std::chrono::nanoseconds pause = co_await pause_after(policy, failures, error);
    most = std::max(most, pause);
    least = std::min(least, pause);
  }
  EXPECT_LT(least, most / 2);  // misses with a probability of 2^-200
  co_return most;
}

TEST_P(a_retry, pauses_at_random_below_a_ceiling_that_doubles) {
  retry_policy policy = attempts(100);
  policy.first_pause = 100ms;
  policy.longest_pause = 1500ms;
  EXPECT_LE(dwell::run(longest_pause_after(policy, 1), pool()), 100ms);
  const auto third = dwell::run(longest_pause_after(policy, 3), pool());
  EXPECT_LE(third, 400ms);
  EXPECT_GT(third, 200ms);  // misses with a probability of 2^-200
  const auto late = dwell::run(longest_pause_after(policy, 90), pool());
  EXPECT_LE(late, 1500ms);
  EXPECT_GT(late, 750ms);
}

TEST_P(a_retry, waits_for_as_long_as_the_server_asks_and_some_more) {
  retry_policy policy = attempts(3);
  policy.first_pause = 1s;
  policy.longest_pause = 1s;
  const auto error = std::make_exception_ptr(busy_until(1min));
  const auto pause = dwell::run(pause_after(policy, 1, error), pool());
  EXPECT_GE(pause, 1min);
  EXPECT_LE(pause, 61s);
}

TEST_P(a_retry, does_not_begin_a_pause_that_ends_after_the_deadline) {
  int calls = 0;
  const auto fn = [&]() -> task<> {
    ++calls;
    throw busy_until(2h);
    co_return;
  };
  const auto scenario = [&]() -> task<> { co_await retry(attempts(5), fn); };
  // The error and not timed_out, at once and not after an hour; through a gather too.
  EXPECT_EQ(dwell::run(how_it_ends(dwell::timeout(1h, scenario())), pool()), "busy");
  EXPECT_EQ(dwell::run(how_it_ends(dwell::timeout(1h, dwell::gather(scenario()))), pool()), "busy");
  EXPECT_EQ(calls, 2);
}

TEST_P(a_retry, makes_sense_of_a_policy_without_pauses) {
  retry_policy policy = attempts(4);
  policy.first_pause = policy.longest_pause = 0ns;
  int calls = 0;
  EXPECT_EQ(dwell::run(retry(policy, fails(calls, 3)), pool()), 4);
}

// ---- The budget ----

TEST_P(a_retry, inside_another_one_does_not_multiply) {
  int calls = 0;
  const auto inner = [&]() -> task<int> {
    co_return co_await retry(attempts(4), fails(calls, 99));
  };
  const auto through_gather = [&]() -> task<> {
    auto children = dwell::gather(inner());
    co_await std::move(children);
  };
  EXPECT_EQ(dwell::run(how_it_ends(retry(attempts(3), inner)), pool()), "failure 3");
  EXPECT_EQ(calls, 3);
  calls = 0;
  EXPECT_EQ(dwell::run(how_it_ends(retry(attempts(3), through_gather)), pool()), "failure 3");
}

TEST_P(a_retry, may_have_a_larger_budget_for_those_inside_it) {
  int calls = 0;
  const auto inner = [&]() -> task<int> {
    co_return co_await retry(attempts(4), fails(calls, 99));
  };
  retry_policy outer = attempts(3);
  outer.budget = 1'000;
  EXPECT_EQ(dwell::run(how_it_ends(retry(outer, inner)), pool()), "failure 12");
}

TEST_P(a_retry, in_a_spawned_task_has_a_budget_of_its_own) {
  int calls = 0;
  const auto outer = [&]() -> task<> {
    auto child = dwell::spawn(retry(attempts(4), fails(calls, 99)));
    co_await child;
  };
  EXPECT_EQ(dwell::run(how_it_ends(retry(attempts(2), outer)), pool()), "failure 8");
}

// ---- current_deadline ----

TEST_P(a_retry, plans_with_the_earliest_deadline_out_to_the_next_shield) {
  const steady::time_point early(std::chrono::nanoseconds(std::int64_t{1} << 60));
  const steady::time_point late = early + 1h;
  const auto look = []() -> task<steady::time_point> {
    co_return co_await dwell::current_deadline();
  };
  const auto in_a_gather = [&]() -> task<steady::time_point> {
    auto children = dwell::gather(look());
    const auto seen = co_await std::move(children);
    co_return std::get<0>(seen);
  };
  using dwell::timeout_at;
  EXPECT_EQ(dwell::run(look(), pool()), steady::time_point::max());
  EXPECT_EQ(dwell::run(timeout_at(early, timeout_at(late, in_a_gather())), pool()), early);
  EXPECT_EQ(dwell::run(timeout_at(late, timeout_at(early, look())), pool()), early);
  EXPECT_EQ(dwell::run(timeout_at(early, dwell::shield(look())), pool()),
            steady::time_point::max());
  EXPECT_EQ(dwell::run(timeout_at(early, dwell::shield(timeout_at(late, look()))), pool()), late);
}

// ---- Mistakes ----

TEST(retry_death, says_that_there_is_at_least_one_attempt) {
  const auto fn = []() -> task<> { co_return; };
  EXPECT_DEATH(dwell_test::run_on(1, retry(attempts(0), fn)),
               "dwell: retry: max_attempts is 0; the first attempt counts");
}

}  // namespace
