// finally: the cleanup runs once, whatever the body does, and of two errors each has one observer.
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>

#include "support/scale.hpp"
#include "support/tracked.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::cancel_scope;
using dwell::finally;
using dwell::task;
using dwell::with_cancel_scope;
using dwell_test::scaled;
using dwell_test::tracked;
using namespace std::chrono_literals;

std::atomic<int> unobserved{0};

class a_finally : public dwell_test::on_workers {
 protected:
  void SetUp() override {
    unobserved = 0;
    dwell::set_unobserved_error_hook(
        [](std::exception_ptr, const std::source_location&) noexcept { ++unobserved; });
  }
  void TearDown() override {
    dwell::set_unobserved_error_hook(nullptr);
    on_workers::TearDown();
  }

 private:
  const dwell_test::watchdog dog_{"a finally"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_finally, dwell_test::each_worker_count());

task<int> number_after(std::chrono::nanoseconds d, int n) {
  co_await dwell::sleep_for(d);
  co_return n;
}

task<> fails_after(std::chrono::nanoseconds d, std::string what) {
  co_await dwell::sleep_for(d);
  throw std::runtime_error(what);
}

template <class T>
task<std::string> error_of(task<T> body) {
  try {
    (void)co_await std::move(body);
  } catch (const std::exception& e) {
    co_return e.what();
  } catch (const dwell::cancelled&) {
    co_return "cancelled";
  }
  co_return "none";
}

TEST_P(a_finally, gives_the_value_after_its_cleanup) {
  bool cleaned = false;
  const auto cleanup = [&](const dwell::outcome<int>& ended) -> task<> {
    EXPECT_EQ(ended.value(), 4);
    co_await dwell::sleep_for(1us);
    cleaned = true;
  };
  EXPECT_EQ(dwell::run(finally(number_after(1us, 4), cleanup), pool()), 4);
  EXPECT_TRUE(cleaned);
}

TEST_P(a_finally, takes_callables_that_capture_and_a_cleanup_without_argument) {
  const auto shared = std::make_shared<int>(0);
  const auto make = [&] {
    return finally([shared]() -> task<tracked> { co_return tracked(++*shared); },
                   [shared]() -> task<> {
                     co_await dwell::yield_now();
                     ++*shared;
                   });
  };
  EXPECT_EQ(dwell::run(make(), pool()).value(), 1);
  EXPECT_EQ(*shared, 2);
  EXPECT_EQ(shared.use_count(), 1);
}

TEST_P(a_finally, gives_references_and_void) {
  int number = 5;
  const auto nothing = []() -> task<> { co_return; };
  const auto refers = [&]() -> task<int&> { co_return number; };
  dwell::run(finally(nothing(), nothing), pool());
  EXPECT_EQ(&dwell::run(finally(refers(), nothing), pool()), &number);
}

TEST_P(a_finally, cleans_up_after_an_error_and_rethrows_it) {
  std::string seen;
  const auto cleanup = [&](const dwell::outcome<void>& ended) -> task<> {
    try {
      ended.value();
    } catch (const std::runtime_error& e) {
      seen = e.what();
    }
    co_await dwell::sleep_for(1us);
  };
  EXPECT_EQ(dwell::run(error_of(finally(fails_after(1us, "the body's"), cleanup)), pool()),
            "the body's");
  EXPECT_EQ(seen, "the body's");
}

TEST_P(a_finally, cleans_up_behind_a_shield_after_a_cancellation) {
  const auto main = []() -> task<> {
    int steps = 0;
    bool went_on = false;
    const auto cleanup = [&](const dwell::outcome<int>& ended) -> task<> {
      EXPECT_FALSE(ended.has_value());
      for (; steps < 3; ++steps) co_await dwell::sleep_for(10us);
    };
    const auto body = [&](cancel_scope& s) -> task<> {
      const auto cancels = [&]() -> task<> {
        co_await dwell::sleep_for(100us);
        s.cancel();
      };
      co_await dwell::gather(finally(number_after(1h, 1), cleanup), cancels());
      went_on = true;
    };
    EXPECT_FALSE(co_await with_cancel_scope(body));
    EXPECT_EQ(steps, 3);
    EXPECT_FALSE(went_on);
  };
  dwell::run(main(), pool());
}

TEST_P(a_finally, begun_in_a_cancelled_scope_cleans_up_without_running_the_body) {
  const auto main = []() -> task<> {
    bool began = false;
    bool cleaned = false;
    const auto inner = [&]() -> task<> {
      began = true;
      co_return;
    };
    const auto cleanup = [&]() -> task<> {
      co_await dwell::sleep_for(1us);
      cleaned = true;
    };
    const auto body = [&](cancel_scope& s) -> task<> {
      s.cancel();
      co_await finally(inner(), cleanup);
    };
    EXPECT_FALSE(co_await with_cancel_scope(body));
    EXPECT_FALSE(began);
    EXPECT_TRUE(cleaned);
  };
  dwell::run(main(), pool());
}

TEST_P(a_finally, throws_the_cleanups_error_after_a_value) {
  const auto cleanup = [] { return fails_after(1us, "the cleanup's"); };
  EXPECT_EQ(dwell::run(error_of(finally(number_after(1us, 1), cleanup)), pool()), "the cleanup's");
  EXPECT_EQ(unobserved, 0);
}

TEST_P(a_finally, keeps_the_bodys_error_and_gives_the_cleanups_to_the_hook) {
  const auto cleanup = [] { return fails_after(1us, "the cleanup's"); };
  EXPECT_EQ(dwell::run(error_of(finally(fails_after(1us, "the body's"), cleanup)), pool()),
            "the body's");
  EXPECT_EQ(unobserved, 1);
}

TEST_P(a_finally, takes_an_error_from_before_the_cleanup_is_a_task_for_the_cleanups) {
  const auto cleanup = []() -> task<> { throw std::runtime_error("no task"); };
  const auto eager = [&]() -> task<> {
    if (unobserved >= 0) throw std::runtime_error("no task");
    return cleanup();
  };
  EXPECT_EQ(dwell::run(error_of(finally(number_after(1us, 1), eager)), pool()), "no task");
}

TEST_P(a_finally, cancels_a_cleanup_that_outlasts_its_grace) {
  bool cancelled = false;
  const auto cleanup = [&]() -> task<> {
    try {
      co_await dwell::sleep_for(1h);
    } catch (const dwell::cancelled&) {
      cancelled = true;
      throw;
    }
  };
  EXPECT_EQ(dwell::run(error_of(finally(number_after(1us, 1), cleanup, 2ms)), pool()),
            "the cleanup of a finally did not end within its grace of 2 ms");
  EXPECT_TRUE(cancelled);
  EXPECT_EQ(unobserved, 0);
  EXPECT_EQ(dwell::run(error_of(finally(fails_after(1us, "the body's"), cleanup, 2ms)), pool()),
            "the body's");
  EXPECT_EQ(unobserved, 1);
}

TEST_P(a_finally, inside_a_timeout_cleans_up_before_it_times_out) {
  bool cleaned = false;
  const auto cleanup = [&]() -> task<> {
    co_await dwell::sleep_for(1ms);
    cleaned = true;
  };
  EXPECT_EQ(
      dwell::run(error_of(dwell::timeout(1ms, finally(number_after(1h, 1), cleanup))), pool()),
      "timed out after 1 ms");
  EXPECT_TRUE(cleaned);
}

TEST_P(a_finally, cleans_up_once_whenever_the_cancellation_comes) {
  const auto main = []() -> task<> {
    std::int64_t begun = 0;
    std::int64_t cleaned = 0;
    for (std::int64_t i = 0; i < scaled(3'000); ++i) {
      const auto cleanup = [&]() -> task<> {
        co_await dwell::sleep_for(std::chrono::microseconds(i % 3));
        ++cleaned;
      };
      const auto guarded = [&]() -> task<> {
        ++begun;
        co_await finally(number_after(std::chrono::microseconds(20 + i % 3), 1), cleanup);
      };
      co_await dwell::move_on_after(std::chrono::microseconds(19 + i % 5), guarded());
    }
    EXPECT_EQ(begun, cleaned);
    EXPECT_GT(begun, 0);  // on a busy machine the time may be over before a body has begun
  };
  dwell::run(main(), pool());
}

}  // namespace
