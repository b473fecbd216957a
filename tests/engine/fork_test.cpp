// A runtime stays with the parent: the child of a fork may execute or end, and is told so when it
// does anything else.
#include <array>
#include <chrono>
#include <csignal>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <sys/wait.h>
#include <unistd.h>

#include <dwell/dwell.hpp>

#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using dwell::task;
using testing::HasSubstr;
using namespace std::chrono_literals;

class a_fork : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a fork"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_fork, dwell_test::each_worker_count());

/// What the child of a fork ended with, and what it said on stderr.
struct child_report {
  int status = 0;
  std::string errors{};
};

child_report reaped(pid_t child, int errors) {
  child_report r;
  std::array<char, 512> room{};
  for (ssize_t got = 0; (got = read(errors, room.data(), room.size())) > 0;)
    r.errors.append(room.data(), static_cast<std::size_t>(got));
  waitpid(child, &r.status, 0);
  return r;
}

/// Forks and lets the child do `act`, which must not come back.
template <class Act>
child_report in_a_child(Act act) {
  std::array<int, 2> errors{};
  if (pipe(errors.data()) != 0) return {};
  const pid_t child = fork();
  if (child == 0) {
    dup2(errors[1], STDERR_FILENO);
    act();
    _exit(0);
  }
  close(errors[1]);
  child_report r = reaped(child, errors[0]);
  close(errors[0]);
  return r;
}

task<int> sleeps_a_little() {
  co_await dwell::sleep_for(1ms);
  co_return 42;
}

void expect_refusal(const child_report& r, const std::string& who) {
  EXPECT_TRUE(WIFSIGNALED(r.status) && WTERMSIG(r.status) == SIGABRT) << r.status;
  EXPECT_THAT(r.errors, HasSubstr("dwell: " + who + ": used in the child of a fork"));
  EXPECT_THAT(r.errors, HasSubstr("may only call exec or _exit"));
}

TEST_P(a_fork, leaves_the_parent_its_runtime_and_the_child_its_exec) {
  dwell::runtime rt(pool());
  const child_report r = in_a_child([] { execlp("true", "true", nullptr); });
  EXPECT_TRUE(WIFEXITED(r.status) && WEXITSTATUS(r.status) == 0) << r.status << r.errors;
  EXPECT_EQ(rt.run(sleeps_a_little()), 42);
}

TEST_P(a_fork, gives_the_child_no_runtime_to_run_in) {
  dwell::runtime rt(pool());
  expect_refusal(in_a_child([&] { rt.run(sleeps_a_little()); }), "run");
  expect_refusal(in_a_child([&] { rt.spawn(sleeps_a_little()).detach(); }), "runtime::spawn");
  expect_refusal(in_a_child([&] { rt.~runtime(); }), "~runtime");
  expect_refusal(in_a_child([] { dwell::run(sleeps_a_little()); }), "runtime");
  EXPECT_EQ(rt.run(sleeps_a_little()), 42);
}

// The child is a copy of the worker, without the others and in the parent's epoll set.
TEST_P(a_fork, in_a_coroutine_lets_the_childs_copy_of_it_await_nothing) {
  const auto forks = []() -> task<child_report> {
    std::array<int, 2> errors{};
    EXPECT_EQ(pipe(errors.data()), 0);
    const pid_t child = fork();
    if (child == 0) {
      dup2(errors[1], STDERR_FILENO);
      co_await dwell::sleep_for(1h);
      _exit(0);
    }
    close(errors[1]);
    const auto reap = [](pid_t id, int from) { return reaped(id, from); };
    auto reaping = dwell::blocking(reap, child, errors[0]);
    child_report r = co_await std::move(reaping);
    close(errors[0]);
    co_await sleeps_a_little();
    co_return r;
  };
  expect_refusal(dwell::run(forks(), pool()), "a runtime");
}

TEST_P(a_fork, before_the_first_runtime_forbids_nothing) {
#ifdef DWELL_TSAN
  GTEST_SKIP() << "ThreadSanitizer lets a child start no threads when its parent has had some";
#endif
  const child_report r = in_a_child([] {
    if (dwell::run(sleeps_a_little(), pool()) != 42) _exit(1);
  });
  EXPECT_TRUE(WIFEXITED(r.status) && WEXITSTATUS(r.status) == 0) << r.status << r.errors;
}

}  // namespace
