// Being told of signals, on this very process.
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <gtest/gtest.h>
#include <optional>
#include <sys/wait.h>
#include <thread>
#include <unistd.h>
#include <vector>

#include <dwell/os/signals.hpp>

#include "support/signalling.hpp"
#include "support/watchdog.hpp"

namespace {

using dwell::os::second_signal;
using dwell::os::signal_interest;
using dwell::os::signal_set;
using dwell_test::own_handler;

class told final : public dwell::os::signal_listener {
 public:
  void on_signal(int number) noexcept override {
    last_ = number;
    ++count_;
    count_.notify_all();
  }
  void wait_for(int count) const {
    for (int seen = count_; seen < count; seen = count_) count_.wait(seen);
  }
  [[nodiscard]] int count() const { return count_; }
  [[nodiscard]] int last() const { return last_; }

 private:
  std::atomic<int> count_{0};
  std::atomic<int> last_{0};
};

class an_interest_in_signals : public testing::Test {
 protected:
  void TearDown() override {
    EXPECT_FALSE(dwell_test::has_handler(SIGUSR1));
    EXPECT_FALSE(dwell_test::has_handler(SIGUSR2));
  }

 private:
  const dwell_test::watchdog dog_{"an interest in signals"};
};

TEST_F(an_interest_in_signals, is_told_of_each_of_its_set_and_of_no_other) {
  told mine;
  told others;
  const signal_interest one(mine, {SIGUSR1, SIGUSR2}, second_signal::is_told);
  const signal_interest other(others, {SIGUSR2}, second_signal::is_told);
  raise(SIGUSR1);
  mine.wait_for(1);
  EXPECT_EQ(mine.last(), SIGUSR1);
  raise(SIGUSR2);
  mine.wait_for(2);
  others.wait_for(1);
  EXPECT_EQ(mine.last(), SIGUSR2);
  EXPECT_EQ(others.count(), 1);
}

TEST_F(an_interest_in_signals, is_told_on_a_thread_and_not_in_the_handler) {
  class asks final : public dwell::os::signal_listener {
   public:
    void on_signal(int) noexcept override {
      teller = std::this_thread::get_id();
      done = true;
      done.notify_all();
    }
    std::thread::id teller;
    std::atomic<bool> done{false};
  } listener;
  const signal_interest interest(listener, {SIGUSR1}, second_signal::is_told);
  raise(SIGUSR1);
  listener.done.wait(false);
  EXPECT_NE(listener.teller, std::this_thread::get_id());
}

TEST_F(an_interest_in_signals, leaves_errno_as_it_was) {
  told listener;
  const signal_interest interest(listener, {SIGUSR1}, second_signal::is_told);
  errno = ENOTTY;
  raise(SIGUSR1);
  EXPECT_EQ(errno, ENOTTY);
  listener.wait_for(1);
}

TEST_F(an_interest_in_signals, calls_the_handler_that_was_there_and_leaves_it_there) {
  const own_handler own(SIGUSR1);
  {
    told listener;
    const signal_interest interest(listener, {SIGUSR1}, second_signal::is_told);
    raise(SIGUSR1);
    listener.wait_for(1);
    EXPECT_EQ(own.calls(), 1);
  }
  raise(SIGUSR1);
  EXPECT_EQ(own.calls(), 2);
}

TEST_F(an_interest_in_signals, leaves_alone_a_handler_that_came_after_it) {
  told listener;
  {
    std::optional<signal_interest> interest;
    interest.emplace(listener, signal_set{SIGUSR1}, second_signal::is_told);
    const own_handler later(SIGUSR1);
    interest.reset();
    raise(SIGUSR1);
    EXPECT_EQ(later.calls(), 1);
  }
  // What that handler put back is ours, without anybody who is interested.
  dwell_test::restore_default(SIGUSR1);
}

TEST_F(an_interest_in_signals, ends_the_thread_that_tells_with_the_last_of_them) {
  told listener;
  const int before = dwell_test::threads_of_this_process();
  {
    const signal_interest one(listener, {SIGUSR1}, second_signal::is_told);
    const signal_interest two(listener, {SIGUSR2}, second_signal::is_told);
    EXPECT_EQ(dwell_test::threads_of_this_process(), before + 1);
  }
  // A thread that was joined may still be listed for a moment.
  while (dwell_test::threads_of_this_process() != before) std::this_thread::yield();
}

// A handler of the program's own sees each signal, told or not: none is lost and none comes twice
// while interests come and go under them.
TEST_F(an_interest_in_signals, comes_and_goes_while_signals_arrive) {
  const own_handler own(SIGUSR1);
  constexpr int signals = 2'000;
  std::atomic<bool> done{false};
  std::vector<std::thread> interested;
  for (int i = 0; i < 3; ++i)
    interested.emplace_back([&] {
      while (!done) {
        told listener;
        const signal_interest interest(listener, {SIGUSR1}, second_signal::is_told);
        listener.wait_for(1);
      }
    });
  for (int i = 0; i < signals; ++i) raise(SIGUSR1);
  done = true;
  std::atomic<int> left{static_cast<int>(interested.size())};
  int more = 0;
  std::thread joins([&] {
    for (std::thread& each : interested) {
      each.join();
      --left;
    }
  });
  for (; left > 0; ++more) {
    raise(SIGUSR1);
    std::this_thread::yield();
  }
  joins.join();
  EXPECT_EQ(own.calls(), signals + more);
}

class signals_death : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

TEST_F(signals_death, by_a_second_one_that_quits) {
  const auto twice = [] {
    told listener;
    const signal_interest interest(listener, {SIGUSR1, SIGUSR2}, second_signal::quits);
    raise(SIGUSR1);
    listener.wait_for(1);
    raise(SIGUSR2);
    std::abort();
  };
  EXPECT_EXIT(twice(), testing::KilledBySignal(SIGUSR2), "");
}

TEST_F(signals_death, by_the_default_action_once_nobody_is_interested_any_more) {
  const auto after = [] {
    {
      told listener;
      const signal_interest interest(listener, {SIGUSR1}, second_signal::is_told);
      raise(SIGUSR1);
      listener.wait_for(1);
    }
    raise(SIGUSR1);
    std::abort();
  };
  EXPECT_EXIT(after(), testing::KilledBySignal(SIGUSR1), "");
}

// Told or deadly, never neither. The signal is on its way while the interest ends.
TEST_F(signals_death, by_a_signal_that_comes_as_the_last_interest_ends) {
  const auto between = [] {
    told listener;
    for (int sent = 1;; ++sent) {
      std::thread sender;
      {
        const signal_interest interest(listener, {SIGUSR1}, second_signal::is_told);
        sender = std::thread([] { kill(getpid(), SIGUSR1); });
      }
      sender.join();
      if (listener.count() != sent) std::abort();
    }
  };
  for (int i = 0; i < 5; ++i) EXPECT_EXIT(between(), testing::KilledBySignal(SIGUSR1), "");
}

TEST_F(signals_death, by_a_signal_that_nobody_can_wait_for) {
  EXPECT_DEATH(signal_set{SIGKILL}, "such a signal cannot be waited for; take SIGINT");
  EXPECT_DEATH(signal_set{SIGSEGV}, "such a signal cannot be waited for; take SIGINT");
  EXPECT_DEATH(signal_set{0}, "such a signal cannot be waited for; take SIGINT");
}

// The relay is not there: the child must not swallow what should end it.
TEST_F(an_interest_in_signals, is_not_the_child_of_a_forks) {
  told listener;
  const signal_interest interest(listener, {SIGUSR1}, second_signal::is_told);
  const pid_t child = fork();
  if (child == 0) {
    raise(SIGUSR1);
    _exit(0);
  }
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1) << status;
  EXPECT_EQ(listener.count(), 0);
}

}  // namespace
