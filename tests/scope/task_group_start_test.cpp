// task_group::start: waits until a child says that it is ready.
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>

#include "support/scale.hpp"
#include "support/sleepers.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::task;
using dwell::task_group;
using dwell::task_status;
using dwell::with_task_group;
using namespace std::chrono_literals;

class a_started_child : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"task_group::start"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_started_child, dwell_test::each_worker_count());

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

TEST_P(a_started_child, hands_its_value_over_and_goes_on) {
  bool went_on = false;
  const auto serve = [&](task_status<int>& status, int port) -> task<> {
    co_await dwell::sleep_for(1ms);
    status.started(port + 1);
    co_await dwell::sleep_for(1ms);
    went_on = true;
  };
  const auto body = [&](task_group& group) -> task<int> {
    co_return co_await group.start<int>(serve, 8080);
  };
  EXPECT_EQ(dwell::run(with_task_group(body), pool()), 8081);
  EXPECT_TRUE(went_on);
}

TEST_P(a_started_child, may_have_nothing_to_say_but_that_it_is_ready) {
  bool ready = false;
  const auto serve = [&](task_status<>& status) -> task<int> {
    ready = true;
    status.started();
    co_return 1;
  };
  const auto body = [&](task_group& group) -> task<bool> {
    co_await group.start(serve);
    co_return ready;
  };
  EXPECT_TRUE(dwell::run(with_task_group(body), pool()));
}

TEST_P(a_started_child, hands_over_move_only_values_and_takes_move_only_arguments) {
  const auto serve = [](task_status<std::unique_ptr<int>>& status,
                        std::unique_ptr<int> n) -> task<> {
    status.started(std::move(n));
    co_return;
  };
  const auto body = [&](task_group& group) -> task<int> {
    const auto back = co_await group.start<std::unique_ptr<int>>(serve, std::make_unique<int>(6));
    co_return *back;
  };
  EXPECT_EQ(dwell::run(with_task_group(body), pool()), 6);
}

TEST_P(a_started_child, gives_an_error_before_it_is_ready_to_its_starter_alone) {
  const auto crashes = [](task_status<int>&) -> task<> {
    co_await dwell::yield_now();
    throw std::runtime_error("crash");
  };
  std::string met;
  const auto body = [&](task_group& group) -> task<int> {
    met = co_await end_of(group.start<int>(crashes));
    co_return 5;
  };
  EXPECT_EQ(dwell::run(with_task_group(body), pool()), 5);
  EXPECT_EQ(met, "crash");
}

TEST_P(a_started_child, gives_an_error_after_it_is_ready_to_the_group) {
  const auto crashes = [](task_status<int>& status) -> task<> {
    status.started(1);
    co_await dwell::sleep_for(1ms);
    throw std::runtime_error("crash");
  };
  int got = 0;
  const auto body = [&](task_group& group) -> task<> {
    got = co_await group.start<int>(crashes);
    co_await dwell::sleep_for(1h);
  };
  EXPECT_EQ(dwell::run(end_of(with_task_group(body)), pool()), "1 error in a task group\n`- crash");
  EXPECT_EQ(got, 1);
}

TEST_P(a_started_child, that_ends_without_a_word_is_an_error_of_start) {
  const auto silent = [](task_status<int>&) -> task<> { co_return; };
  std::string met;
  const auto body = [&](task_group& group) -> task<> {
    met = co_await end_of(group.start<int>(silent));
  };
  dwell::run(with_task_group(body), pool());
  EXPECT_EQ(met, "task_group::start: the task ended without calling started()");
}

TEST_P(a_started_child, is_not_started_in_a_cancelled_group) {
  std::atomic<bool> ran{false};
  std::string met;
  const auto sets = [&](task_status<>& status) -> task<> {
    ran = true;
    status.started();
    co_return;
  };
  const auto body = [&](task_group& group) -> task<> {
    group.cancel();
    met = co_await end_of(group.start(sets));
  };
  dwell::run(with_task_group(body), pool());
  EXPECT_EQ(met, "cancelled");
  EXPECT_FALSE(ran);
}

TEST_P(a_started_child, that_is_refused_says_so_to_a_starter_outside_of_the_group) {
  std::string met;
  const auto never = [](task_status<>&) -> task<> { co_await dwell::sleep_for(1h); };
  const auto body = [&](task_group& group) -> task<> {
    auto outsider = dwell::spawn([&]() -> task<std::string> {
      while (!group.cancelled()) co_await dwell::yield_now();
      co_return co_await end_of(group.start(never));
    });
    group.cancel();
    while (!outsider.done()) {
      try {
        co_await dwell::yield_now();
      } catch (const dwell::cancelled&) {
      }
    }
    met = outsider.done() ? "done" : "";
    outsider.detach();
  };
  dwell::run(with_task_group(body), pool());
  EXPECT_EQ(met, "done");
}

TEST_P(a_started_child, is_cancelled_with_its_starter_before_it_is_ready) {
  dwell_test::sleepers all;
  std::string met;
  const auto never = [&](task_status<>&) -> task<> { co_await all.sleep(); };
  const auto body = [&](task_group& group) -> task<int> {
    auto starter = group.spawn([&]() -> task<> { met = co_await end_of(group.start(never)); });
    co_await all.all_begun(1);
    starter.cancel();
    co_await starter.wait();
    co_return 2;
  };
  EXPECT_EQ(dwell::run(with_task_group(body), pool()), 2);
  EXPECT_EQ(met, "cancelled");
  EXPECT_EQ(all.stopped, 1);
}

TEST_P(a_started_child, whose_starter_has_given_up_is_stopped_when_it_gets_ready) {
  std::string met;
  std::atomic<bool> begun{false};
  const auto stubborn = [&](task_status<>& status) -> task<> {
    begun = true;
    try {
      co_await dwell::sleep_for(1h);
    } catch (const dwell::cancelled&) {
    }
    try {
      status.started();
    } catch (const dwell::cancelled&) {
      met = "cancelled";
      throw;
    }
  };
  const auto body = [&](task_group& group) -> task<> {
    auto starter = group.spawn([&]() -> task<> { co_await group.start(stubborn); });
    while (!begun) co_await dwell::yield_now();
    starter.cancel();
  };
  dwell::run(with_task_group(body), pool());
  EXPECT_EQ(met, "cancelled");
}

TEST_P(a_started_child, and_its_cancelled_starter_agree_on_who_was_first) {
  // The child lives on exactly when start() returned.
  std::atomic<int> living{0};
  std::atomic<int> returned{0};
  const auto child = [&](task_status<int>& status, int i) -> task<> {
    if (i % 2 == 0) co_await dwell::sleep_for(1us * (i % 30));
    status.started(i);
    ++living;
  };
  const auto body = [&](task_group& group) -> task<> {
    for (int i = 0; i < static_cast<int>(dwell_test::scaled(3'000)); ++i) {
      auto starter = group.spawn([&, i]() -> task<> {
        if (co_await group.start<int>(child, i) == i) ++returned;
      });
      if (i % 3 != 0) co_await dwell::sleep_for(1us * (i % 30));
      starter.cancel();
      co_await starter.wait();
    }
  };
  dwell::run(with_task_group(body), pool());
  EXPECT_EQ(living, returned);
}

TEST(started_death, says_that_a_task_gets_ready_once) {
  const auto twice = [](task_status<>& status) -> task<> {
    status.started();
    status.started();
    co_return;
  };
  const auto body = [&](task_group& group) -> task<> { co_await group.start(twice); };
  EXPECT_DEATH(dwell_test::run_on(1, with_task_group(body)),
               "dwell: task_status::started: called before; a task gets ready once");
}

}  // namespace
