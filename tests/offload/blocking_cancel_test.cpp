// A cancel meets a blocking call: in the queue, while the function runs, and when it is abandoned.
#include <atomic>
#include <chrono>
#include <exception>
#include <gtest/gtest.h>
#include <memory>
#include <mutex>
#include <source_location>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "offload/waiting.hpp"
#include "support/gate.hpp"
#include "support/scale.hpp"
#include "support/tracked.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::abandon_on_cancel;
using dwell::blocking;
using dwell::gather;
using dwell::task;
using dwell_test::called_off;
using dwell_test::fail_when;
using dwell_test::gate;
using dwell_test::tracked;
using dwell_test::until;
using namespace std::chrono_literals;

class a_cancelled_blocking_call : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a cancelled blocking call"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_cancelled_blocking_call, dwell_test::each_worker_count());

// How a task ended, for a look from outside the gather that cancelled it.
template <class T>
task<> note(task<T> body, std::string& how) {
  try {
    if constexpr (std::is_void_v<T>) {
      co_await body;
      how = "value";
    } else {
      how = "value " + std::to_string(co_await body);
    }
  } catch (const dwell::cancelled&) {
    how = "cancelled";
    throw;
  } catch (const std::exception& error) {
    how = error.what();
    throw;
  }
}

TEST_P(a_cancelled_blocking_call, that_has_not_begun_never_runs) {
  gate hold;
  std::atomic<bool> held{false};
  std::atomic<bool> ran{false};
  std::string how;
  const auto main = [&]() -> task<> {
    auto holder = dwell::spawn(blocking([&] {
      held = true;
      hold.pass();
    }));
    co_await until([&] { return held.load(); });
    auto queued = blocking([&] { ran = true; });
    const auto begun = std::chrono::steady_clock::now();
    const auto later = [&] { return std::chrono::steady_clock::now() - begun > 2ms; };
    EXPECT_THROW(co_await gather(note(std::move(queued), how), fail_when(later)), called_off);
    EXPECT_EQ(how, "cancelled");  // while the only thread is still held
    hold.open();
    co_await holder;
  };
  dwell::settings s = pool();
  s.blocking_threads = 1;
  dwell::run(main(), s);
  EXPECT_FALSE(ran);
}

TEST_P(a_cancelled_blocking_call, whose_scope_is_cancelled_before_it_is_awaited_never_runs) {
  std::atomic<bool> ran{false};
  std::string how;
  const auto late = [&]() -> task<> {
    try {
      co_await dwell::sleep_for(1h);
    } catch (const dwell::cancelled&) {
    }
    co_await note(blocking([&] { ran = true; }), how);
  };
  const auto main = [&]() -> task<> {
    EXPECT_THROW(co_await gather(late(), fail_when([] { return true; })), called_off);
  };
  dwell::run(main(), pool());
  EXPECT_FALSE(ran);
  EXPECT_EQ(how, "cancelled");
}

TEST_P(a_cancelled_blocking_call, that_runs_is_waited_for_and_keeps_its_value) {
  gate hold;
  std::atomic<bool> running{false};
  std::string how;
  const auto main = [&]() -> task<> {
    const auto opener = [&]() -> task<> {  // belongs to the runtime: not called off
      co_await until([&] { return running.load(); });
      co_await dwell::sleep_for(3ms);
      EXPECT_EQ(how, "");
      hold.open();
    };
    auto opens = dwell::spawn(opener());
    auto call = blocking([&] {
      running = true;
      hold.pass();
      return 9;
    });
    EXPECT_THROW(
        co_await gather(note(std::move(call), how), fail_when([&] { return running.load(); })),
        called_off);
    EXPECT_TRUE(hold.is_open());
    co_await opens;
  };
  dwell::run(main(), pool());
  EXPECT_EQ(how, "value 9");
}

TEST_P(a_cancelled_blocking_call, that_runs_is_told_through_its_stop_token) {
  std::atomic<bool> running{false};
  std::string how;
  const auto main = [&]() -> task<> {
    auto call = blocking([&](std::stop_token stop) {
      running = true;
      while (!stop.stop_requested()) std::this_thread::sleep_for(100us);
      return 1;
    });
    EXPECT_THROW(
        co_await gather(note(std::move(call), how), fail_when([&] { return running.load(); })),
        called_off);
  };
  dwell::run(main(), pool());
  EXPECT_EQ(how, "value 1");
}

TEST_P(a_cancelled_blocking_call, runs_stop_callbacks_that_may_use_the_runtime) {
  // The callback runs where it may send, and so wake a task: under no lock of the canceller.
  std::string how;
  std::atomic<bool> running{false};
  const auto main = [&]() -> task<> {
    auto ends = dwell::make_oneshot<int>();
    auto call = blocking([&, to = std::move(ends.first)](std::stop_token stop) mutable {
      gate stopped;
      const std::stop_callback on_stop(stop, [&] {
        to.send(3);
        stopped.open();
      });
      running = true;
      stopped.pass();
    });
    EXPECT_THROW(
        co_await gather(note(std::move(call), how), fail_when([&] { return running.load(); })),
        called_off);
    EXPECT_EQ(co_await ends.second, 3);
  };
  dwell::run(main(), pool());
  EXPECT_EQ(how, "value");
}

TEST_P(a_cancelled_blocking_call, that_fails_meanwhile_throws_its_error) {
  std::atomic<bool> running{false};
  std::string how;
  const auto main = [&]() -> task<> {
    auto call = blocking([&](std::stop_token stop) {
      running = true;
      while (!stop.stop_requested()) std::this_thread::sleep_for(100us);
      throw std::runtime_error("stopped half-way");
    });
    EXPECT_THROW(
        co_await gather(note(std::move(call), how), fail_when([&] { return running.load(); })),
        called_off);
  };
  dwell::run(main(), pool());
  EXPECT_EQ(how, "stopped half-way");
}

TEST_P(a_cancelled_blocking_call, can_be_cancelled_at_any_moment) {
  // Queued, handed over, running, ended: each call ends once, and runs at most once.
  const auto rounds = static_cast<int>(dwell_test::scaled(300));
  std::atomic<int> ran{0};
  int values = 0;
  const auto counted = [&](int& count) -> task<> {
    co_await blocking([&] { ++ran; });
    ++count;
  };
  const auto main = [&]() -> task<> {
    for (int round = 0; round < rounds; ++round) {
      int counts[4] = {};
      const auto fails = [&]() -> task<> {
        for (int i = 0; i < round % 7; ++i) co_await dwell::yield_now();
        throw called_off();
      };
      EXPECT_THROW(co_await gather(counted(counts[0]), counted(counts[1]), counted(counts[2]),
                                   counted(counts[3]), fails()),
                   called_off);
      for (const int count : counts) values += count;
      EXPECT_EQ(ran, values);
    }
  };
  dwell::settings s = pool();
  s.blocking_threads = 2;
  dwell::run(main(), s);
  EXPECT_EQ(ran, values);
}

// ---- Abandoned ----

TEST_P(a_cancelled_blocking_call, that_may_be_abandoned_releases_its_awaiter_at_once) {
  gate hold;
  std::atomic<bool> running{false};
  std::atomic<bool> ended{false};
  std::string how;
  const auto main = [&]() -> task<> {
    auto call = blocking(
        abandon_on_cancel,
        [&](tracked value) {
          running = true;
          hold.pass();
          ended = true;
          return value;
        },
        tracked(1));
    const auto drop = [](auto body) -> task<> { co_await body; };
    EXPECT_THROW(co_await gather(note(drop(std::move(call)), how),
                                 fail_when([&] { return running.load(); })),
                 called_off);
    EXPECT_EQ(how, "cancelled");
    EXPECT_FALSE(ended);
    EXPECT_GE(tracked::alive(), 1);  // the function's, which runs on
    hold.open();
  };
  dwell::run(main(), pool());
  EXPECT_TRUE(ended);  // the runtime waited for it
  EXPECT_EQ(tracked::alive(), 0);
}

TEST_P(a_cancelled_blocking_call, that_was_abandoned_occupies_its_thread_until_it_is_back) {
  gate hold;
  std::atomic<bool> running{false};
  std::atomic<bool> second{false};
  std::string how;
  const auto main = [&]() -> task<> {
    auto call = blocking(abandon_on_cancel, [&] {
      running = true;
      hold.pass();
    });
    EXPECT_THROW(
        co_await gather(note(std::move(call), how), fail_when([&] { return running.load(); })),
        called_off);
    auto next = dwell::spawn(blocking([&] { second = true; }));
    co_await dwell::sleep_for(3ms);
    EXPECT_FALSE(second);
    hold.open();
    co_await next;
    EXPECT_TRUE(second);
  };
  dwell::settings s = pool();
  s.blocking_threads = 1;
  dwell::run(main(), s);
}

TEST_P(a_cancelled_blocking_call, that_may_be_abandoned_but_never_began_never_runs) {
  gate hold;
  std::atomic<bool> held{false};
  std::atomic<bool> ran{false};
  std::string how;
  const auto main = [&]() -> task<> {
    auto holder = dwell::spawn(blocking([&] {
      held = true;
      hold.pass();
    }));
    co_await until([&] { return held.load(); });
    auto call = blocking(abandon_on_cancel, [&ran, t = tracked(1)] { ran = true; });
    EXPECT_THROW(co_await gather(note(std::move(call), how), fail_when([] { return true; })),
                 called_off);
    hold.open();
    co_await holder;
  };
  dwell::settings s = pool();
  s.blocking_threads = 1;
  dwell::run(main(), s);
  EXPECT_FALSE(ran);
  EXPECT_EQ(tracked::alive(), 0);
}

TEST_P(a_cancelled_blocking_call,
       that_is_not_cancelled_gives_its_value_although_it_may_be_abandoned) {
  const auto main = []() -> task<int> {
    co_return co_await blocking(
        abandon_on_cancel, [](int a) { return a + 1; }, 4);
  };
  EXPECT_EQ(dwell::run(main(), pool()), 5);
}

std::mutex noted_lock;
std::vector<std::string> noted;
void note_unobserved(std::exception_ptr error, const std::source_location& where) noexcept {
  const std::lock_guard guard(noted_lock);
  try {
    std::rethrow_exception(error);
  } catch (const std::exception& e) {
    const std::string file = where.file_name();
    noted.push_back(std::string(e.what()) + " at " + file.substr(file.rfind('/') + 1));
  }
}

TEST_P(a_cancelled_blocking_call, reports_the_error_of_a_function_that_was_abandoned) {
  noted.clear();
  dwell::set_unobserved_error_hook(&note_unobserved);
  gate hold;
  std::atomic<bool> running{false};
  std::string how;
  const auto main = [&]() -> task<> {
    auto call = blocking(abandon_on_cancel, [&](std::stop_token stop) {
      running = true;
      hold.pass();
      if (stop.stop_requested()) throw std::runtime_error("too late");
    });
    EXPECT_THROW(
        co_await gather(note(std::move(call), how), fail_when([&] { return running.load(); })),
        called_off);
    hold.open();
  };
  dwell::run(main(), pool());
  dwell::set_unobserved_error_hook(nullptr);
  EXPECT_EQ(how, "cancelled");
  EXPECT_EQ(noted, std::vector<std::string>{"too late at blocking_cancel_test.cpp"});
}

TEST_P(a_cancelled_blocking_call, is_cancelled_by_the_end_of_the_runtime) {
  std::atomic<bool> running{false};
  std::atomic<bool> stopped{false};
  const auto main = [&]() -> task<> {
    dwell::spawn(blocking([&](std::stop_token stop) {
      running = true;
      while (!stop.stop_requested()) std::this_thread::sleep_for(100us);
      stopped = true;
    })).detach();
    co_await until([&] { return running.load(); });
  };
  dwell::run(main(), pool());
  EXPECT_TRUE(stopped);
}

}  // namespace
