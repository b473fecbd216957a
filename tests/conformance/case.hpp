// How a conformance case is run, and the few words in which the cases are written.
//
// run_case() is the only place that decides what the cases run on: a simulated world, whose clock
// costs nothing, and then real workers. So a case asserts no time of day, orders what happens by
// events rather than by sleeping, and sleeps for longer than an instant only where it is cancelled.
#pragma once

#include <exception>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/task/frame_pool.hpp>

#include "support/each_seed.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace conformance {

using dwell::task;

/// What a task of a case fails with.
struct failure : std::runtime_error {
  using runtime_error::runtime_error;
};

/// Runs `scenario()` to its end on so many workers. No coroutine frame is left behind.
template <class F>
void run_on_threads(F scenario, unsigned workers = 2) {
  const dwell_test::watchdog dog("a conformance case");
  const auto before = dwell::core::live_frames();
  dwell::run(scenario(), dwell_test::workers(workers));
  EXPECT_EQ(dwell::core::live_frames(), before);
}

/// The same over some seeds of a simulated world, where time costs nothing and the tasks meet in
/// other orders each time, and then on workers. What the scenario writes outside of itself it must
/// set anew.
template <class F>
void run_case(F scenario, unsigned workers = 2) {
  const auto before = dwell::core::live_frames();
  dwell_test::each_seed(20, [&](std::uint64_t seed) {
    dwell::sim::run(seed, scenario());
    EXPECT_EQ(dwell::core::live_frames(), before);
  });
  run_on_threads(scenario, workers);
}

/// An exception in a word: "cancelled", "timed_out", "group(a, b)", the text of any other, or
/// "fatal" for one that is no std::exception.
inline std::string describe(const std::exception_ptr& error) {
  try {
    std::rethrow_exception(error);
  } catch (const dwell::cancelled&) {
    return "cancelled";
  } catch (const dwell::timed_out&) {
    return "timed_out";
  } catch (const dwell::exception_group& group) {
    std::string all;
    for (const std::exception_ptr& one : group.errors())
      all += (all.empty() ? "" : ", ") + describe(one);
    return "group(" + all + ")";
  } catch (const std::exception& e) {
    return e.what();
  } catch (...) {
    return "fatal";
  }
}

/// How `body` ends: "value", or what describe() says of its exception.
template <class T>
task<std::string> end_of(task<T> body) {
  try {
    static_cast<void>(co_await std::move(body));
  } catch (...) {
    co_return describe(std::current_exception());
  }
  co_return "value";
}

/// The same of anything else that can be awaited, which must outlive the task.
template <class A>
task<std::string> end_of_await(A& source) {
  try {
    static_cast<void>(co_await source);
  } catch (...) {
    co_return describe(std::current_exception());
  }
  co_return "value";
}

/// Whether the next await would throw.
inline task<bool> is_cancelled_here() {
  const std::string end = co_await end_of([]() -> task<> { co_await dwell::checkpoint(); }());
  co_return end == "cancelled";
}

template <class T>
task<T> give(T value) {
  co_return value;
}

inline task<int> fail(const char* text) {
  throw failure(text);
  co_return 0;
}

/// Waits until it is cancelled.
inline task<int> forever() {
  dwell::event never;
  co_await never.wait();
  co_return 0;
}

/// Says that it runs, then waits until it is cancelled.
inline task<int> forever_once(dwell::event& begun) {
  begun.set();
  co_return co_await forever();
}

/// Says that it runs, waits to be cancelled and fails then.
inline task<int> fail_when_cancelled(dwell::event& begun, const char* text) {
  begun.set();
  try {
    co_await forever();
  } catch (const dwell::cancelled&) {
    throw failure(text);
  }
  co_return 0;
}

/// Fails as soon as `go` is set.
inline task<int> fail_after(dwell::event& go, const char* text) {
  co_await go.wait();
  throw failure(text);
}

}  // namespace conformance
