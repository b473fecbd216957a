// The threads behind blocking(): when they come, when they go, and what happens when none comes.
#include <atomic>
#include <chrono>
#include <functional>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/offload/blocking_pool.hpp>
#include <dwell/task/context.hpp>

#include "offload/waiting.hpp"
#include "support/gate.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::blocking;
using dwell::task;
using dwell::offload::blocking_limits;
using dwell::offload::blocking_pool;
using dwell_test::gate;
using dwell_test::until;
using namespace std::chrono_literals;

class a_blocking_pool : public dwell_test::no_frames_left {
 protected:
  // Settings of a runtime whose workers find this pool in place of the engine's.
  static dwell::settings with(dwell::offload::runners& mine) {
    dwell::settings s = dwell_test::workers(1);
    s.on_thread_start = [&mine](unsigned) { dwell::core::current_context->runners = &mine; };
    return s;
  }

 private:
  const dwell_test::watchdog dog_{"a pool of blocking threads"};
};

// Starts threads, counts them, and refuses when told to.
class starter {
 public:
  [[nodiscard]] blocking_pool::thread_starter function() {
    return [this](std::string name, std::function<void()> body) {
      if (refusing)
        throw std::system_error(std::make_error_code(std::errc::resource_unavailable_try_again));
      names.push_back(name);
      return dwell::os::thread(std::move(name), std::move(body));
    };
  }
  std::atomic<bool> refusing{false};
  std::vector<std::string> names;
};

TEST_F(a_blocking_pool, starts_no_thread_before_the_first_call) {
  starter threads;
  const blocking_pool pool("test", {.threads = 4, .keep_alive = 1h}, threads.function());
  EXPECT_TRUE(threads.names.empty());
}

TEST_F(a_blocking_pool, names_its_threads_and_uses_an_idle_one_again) {
  starter threads;
  blocking_pool pool("test", {.threads = 4, .keep_alive = 1h}, threads.function());
  dwell::offload::runners mine{&pool, nullptr, nullptr};
  const auto main = [&]() -> task<> {
    for (int i = 0; i < 5; ++i) {
      co_await blocking([] {});
      co_await until([&] { return pool.load().idle == 1; });
    }
  };
  dwell::run(main(), with(mine));
  EXPECT_EQ(threads.names, std::vector<std::string>{"test-0"});
}

TEST_F(a_blocking_pool, lets_idle_threads_retire) {
  starter threads;
  blocking_pool pool("test", {.threads = 4, .keep_alive = 1ms}, threads.function());
  dwell::offload::runners mine{&pool, nullptr, nullptr};
  const auto main = [&]() -> task<> {
    for (int round = 0; round < 3; ++round) {
      gate hold;
      std::atomic<int> inside{0};
      const auto held = [&] {
        ++inside;
        hold.pass();
      };
      std::vector<dwell::join_handle<>> calls;
      for (int i = 0; i < 3; ++i) calls.push_back(dwell::spawn(blocking(held)));
      co_await until([&] { return inside == 3; });
      EXPECT_EQ(pool.load().threads, 3U);
      hold.open();
      for (auto& call : calls) co_await call;
      co_await until([&] { return pool.load().threads == 0; });
      EXPECT_EQ(pool.load().idle, 0U);
    }
  };
  dwell::run(main(), with(mine));
  EXPECT_EQ(threads.names.size(), 9U);
}

TEST_F(a_blocking_pool, works_with_threads_that_retire_at_once) {
  blocking_pool pool("test", {.threads = 2, .keep_alive = 0ns});
  dwell::offload::runners mine{&pool, nullptr, nullptr};
  std::atomic<int> ran{0};
  const auto main = [&]() -> task<> {
    for (int i = 0; i < 50; ++i)
      co_await dwell::gather(blocking([&] { ++ran; }), blocking([&] { ++ran; }),
                             blocking([&] { ++ran; }));
  };
  dwell::run(main(), with(mine));
  EXPECT_EQ(ran, 150);
}

TEST_F(a_blocking_pool, gives_the_error_to_the_awaiter_when_no_thread_can_be_had) {
  starter threads;
  threads.refusing = true;
  blocking_pool pool("test", {.threads = 4, .keep_alive = 1h}, threads.function());
  dwell::offload::runners mine{&pool, nullptr, nullptr};
  bool ran = false;
  const auto main = [&]() -> task<> {
    EXPECT_THROW(co_await blocking([&] { ran = true; }), std::system_error);
    EXPECT_THROW(co_await blocking(dwell::abandon_on_cancel, [&] { ran = true; }),
                 std::system_error);
    threads.refusing = false;  // and the next call finds things as if nothing had happened
    co_await blocking([&] { ran = true; });
  };
  dwell::run(main(), with(mine));
  EXPECT_TRUE(ran);
  EXPECT_EQ(pool.load().queued, 0U);
}

TEST_F(a_blocking_pool, lets_the_call_wait_for_the_threads_there_are) {
  starter threads;
  blocking_pool pool("test", {.threads = 4, .keep_alive = 1h}, threads.function());
  dwell::offload::runners mine{&pool, nullptr, nullptr};
  gate hold;
  std::atomic<bool> held{false};
  const auto main = [&]() -> task<> {
    auto first = dwell::spawn(blocking([&] {
      held = true;
      hold.pass();
    }));
    co_await until([&] { return held.load(); });
    threads.refusing = true;
    auto second = dwell::spawn(blocking([] { return 8; }));
    co_await until([&] { return pool.load().queued == 1; });
    hold.open();
    co_await first;
    EXPECT_EQ(co_await second, 8);
  };
  dwell::run(main(), with(mine));
  EXPECT_EQ(threads.names.size(), 1U);
}

TEST_F(a_blocking_pool, that_closes_waits_for_a_busy_thread_as_long_as_it_is_told) {
  blocking_pool pool("test", {.threads = 1, .keep_alive = 1h});
  dwell::offload::runners mine{&pool, nullptr, &dwell::scope::report_unobserved};
  gate hold;
  std::atomic<bool> held{false};
  const auto main = [&]() -> task<> {
    auto call = blocking(dwell::abandon_on_cancel, [&] {
      held = true;
      hold.pass();
    });
    EXPECT_THROW(
        co_await dwell::gather(std::move(call), dwell_test::fail_when([&] { return held.load(); })),
        dwell_test::called_off);
  };
  dwell::run(main(), with(mine));
  EXPECT_FALSE(pool.close(0));
  EXPECT_EQ(pool.load().threads, 1U);
  hold.open();
  EXPECT_TRUE(pool.close(INT64_MAX));
  EXPECT_EQ(pool.load().threads, 0U);
}

}  // namespace
