// Child processes: what goes in, what comes out, how they end.
#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <sys/wait.h>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/net/buffered.hpp>
#include <dwell/os/file_descriptor.hpp>
#include <dwell/process/process.hpp>

#include "net/on_reactors.hpp"
#include "net/reading.hpp"
#include "os/sanitized.hpp"
#include "support/descriptor_limit.hpp"
#include "support/open_descriptors.hpp"
#include "support/scale.hpp"

namespace {

using dwell::command;
using dwell::exit_status;
using dwell::process;
using dwell::stdio;
using dwell::task;
using dwell::with_process;
using dwell::net::bytes_of;
using dwell::net::read_exactly;
using dwell::net::write_all;
using dwell_test::fault_of;
using dwell_test::read_all;
using testing::HasSubstr;
using namespace std::chrono_literals;

/// The number that the next one gets.
int next_descriptor() { return dwell::os::file_descriptor(open("/dev/null", O_CLOEXEC)).get(); }

/// Leaves neither a descriptor nor a child, dead or alive.
class a_process : public dwell_test::on_reactors {
 protected:
  void TearDown() override {
    on_reactors::TearDown();
    EXPECT_EQ(dwell_test::open_descriptors(), descriptors_);
    EXPECT_EQ(waitpid(-1, nullptr, WNOHANG), -1);
    EXPECT_EQ(errno, ECHILD);
  }

 private:
  const std::ptrdiff_t descriptors_ = dwell_test::open_descriptors();
};
INSTANTIATE_TEST_SUITE_P(reactors, a_process, dwell_test::each_reactor(), dwell_test::reactor_name);

command shell(std::string script) {
  command c;
  c.program = "sh";
  c.arguments = {"-c", std::move(script)};
  return c;
}

/// What it says, and how it ends.
struct report {
  std::string output{};
  exit_status status{};
};

task<report> run_to_its_end(command what) {
  return with_process(std::move(what), [](process& p) -> task<report> {
    p.input().close();
    report r;
    r.output = co_await read_all(p.output(), 4096);
    r.status = co_await p.wait();
    co_return r;
  });
}

TEST_P(a_process, reads_what_is_written_to_it_and_is_read) {
  const command cat{.program = "cat"};
  const auto talk = [](process& p) -> task<> {
    co_await write_all(p.input(), bytes_of("there and back"));
    EXPECT_EQ(co_await dwell_test::read_text(p.output()), "there and back");
    co_await p.input().shutdown_write();
    EXPECT_EQ(co_await read_all(p.output()), "");
    EXPECT_EQ(co_await p.wait(), exit_status{});
    EXPECT_EQ(co_await p.wait(), exit_status{}) << "the same ever after";
  };
  dwell::run(with_process(cat, talk), pool());
}

TEST_P(a_process, carries_much_both_ways_at_once) {
  const std::string sent(static_cast<std::size_t>(dwell_test::scaled(4 << 20)), 'x');
  const command cat{.program = "cat"};
  const auto talk = [&](process& p) -> task<> {
    const auto writes = [&]() -> task<> {
      co_await write_all(p.input(), bytes_of(sent));
      co_await p.input().shutdown_write();
    };
    auto both = dwell::gather(writes(), read_all(p.output(), 10'000));
    const auto got = co_await std::move(both);
    EXPECT_TRUE(std::get<1>(got) == sent);
  };
  dwell::run(with_process(cat, talk), pool());
}

TEST_P(a_process, tells_how_it_ended) {
  EXPECT_EQ(dwell::run(run_to_its_end(shell("exit 0")), pool()).status, exit_status{});
  EXPECT_EQ(dwell::run(run_to_its_end(shell("exit 42")), pool()).status, exit_status{.code = 42});
  EXPECT_EQ(dwell::run(run_to_its_end(shell("kill -KILL $$")), pool()).status,
            exit_status{.signal = SIGKILL});
}

TEST_P(a_process, has_the_arguments_the_environment_and_the_directory_that_it_is_given) {
  command c = shell("echo \"$1|$MOOD|${HOME+home}|$PWD\"");
  c.arguments.insert(c.arguments.end(), {"sh", "two words"});
  c.environment = {{"MOOD", "good"}};
  c.directory = "/usr";
  EXPECT_EQ(dwell::run(run_to_its_end(c), pool()).output, "two words|good|home|/usr\n");
  c.inherit_environment = false;
  EXPECT_EQ(dwell::run(run_to_its_end(c), pool()).output, "two words|good||/usr\n");
}

TEST_P(a_process, inherits_a_variable_once_and_as_it_was_set_over) {
  command c{.program = "env"};
  c.environment = {{"HOME", "elsewhere"}};
  const std::string all = "\n" + dwell::run(run_to_its_end(c), pool()).output;
  EXPECT_THAT(all, HasSubstr("\nHOME=elsewhere\n"));
  EXPECT_EQ(all.find("\nHOME="), all.rfind("\nHOME="));
}

TEST_P(a_process, writes_its_errors_to_a_pipe_of_their_own) {
  command c = shell("echo out; echo err >&2");
  c.input = stdio::discard;
  c.error = stdio::pipe;
  const auto read_both = [](process& p) -> task<> {
    EXPECT_EQ(co_await read_all(p.error()), "err\n");
    EXPECT_EQ(co_await read_all(p.output()), "out\n");
  };
  dwell::run(with_process(c, read_both), pool());
}

// What is listed is the shell's: it runs no pipeline, whose ends it would have for a moment, and is
// not replaced by its last command.
TEST_P(a_process, has_no_descriptor_of_ours_but_stdio) {
  const int leaky = dup(0);  // not closed on exec
  const report r = dwell::run(run_to_its_end(shell("ls /proc/$$/fd; true")), pool());
  close(leaky);
  EXPECT_EQ(r.output, "0\n1\n2\n");
}

TEST_P(a_process, is_not_born_with_signals_that_we_block_or_ignore) {
  sigset_t all;
  sigset_t before;
  sigfillset(&all);
  pthread_sigmask(SIG_BLOCK, &all, &before);
  const auto ignored = std::signal(SIGPIPE, SIG_IGN);
  const command grep{.program = "grep", .arguments = {"SigBlk", "/proc/self/status"}};
  const report blocked = dwell::run(run_to_its_end(grep), pool());
  const report piped = dwell::run(run_to_its_end(shell("kill -PIPE $$")), pool());
  std::signal(SIGPIPE, ignored);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  EXPECT_EQ(blocked.output, "SigBlk:\t0000000000000000\n");
  EXPECT_EQ(piped.status, exit_status{.signal = SIGPIPE});
}

// ---- What goes wrong ----

struct failure {
  int code = 0;
  std::string what{};
};

failure start_of(command what, const dwell::settings& s) {
  const auto nothing = [](process&) -> task<> { co_return; };
  try {
    dwell::run(with_process(std::move(what), nothing), s);
  } catch (const dwell::net::error& e) {
    return {e.code().value(), e.what()};
  }
  return {};
}

TEST_P(a_process, that_does_not_exist_is_reported_by_its_name) {
  const failure f = start_of({.program = "no-such-program"}, pool());
  EXPECT_EQ(f.code, ENOENT);
  EXPECT_THAT(f.what, HasSubstr("start 'no-such-program'"));
}

TEST_P(a_process, in_a_directory_that_does_not_exist_is_reported_with_it) {
  const failure f = start_of({.program = "true", .directory = "/no/such/place"}, pool());
  EXPECT_EQ(f.code, ENOENT);
  EXPECT_THAT(f.what, HasSubstr("start 'true' in '/no/such/place'"));
}

TEST_P(a_process, that_is_no_program_is_refused) {
  EXPECT_EQ(start_of({.program = "/etc/passwd"}, pool()).code, EACCES);
}

TEST_P(a_process, is_not_started_without_descriptors_and_leaves_none) {
  if (dwell_test::sanitized) GTEST_SKIP() << "sanitizers open files of their own";
  dwell::runtime rt(pool());
  const auto starved = [](int spare) -> task<int> {
    const dwell_test::descriptor_limit limit(next_descriptor() + spare);
    const auto nothing = [](process&) -> task<> { co_return; };
    const command does_nothing{.program = "true"};
    co_return co_await fault_of(with_process(does_nothing, nothing));
  };
  int refused = 0;
  while (rt.run(starved(refused)) == EMFILE) ++refused;
  EXPECT_GE(refused, 4) << "two pipes and what watches the process";
}

// A write to a pipe that nobody reads raises SIGPIPE, which would end this program.
TEST_P(a_process, that_closes_its_input_early_fails_our_writes_without_a_signal) {
  const auto write_much = [](process& p) -> task<> {
    EXPECT_EQ(co_await p.wait(), exit_status{});
    EXPECT_EQ(co_await fault_of(write_all(p.input(), bytes_of("too late"))), EPIPE);
  };
  dwell::run(with_process(shell("exec <&-; exit 0"), write_much), pool());
}

TEST_P(a_process, that_closes_its_input_fails_a_write_that_waits) {
  const std::string much(1 << 20, 'x');
  const auto write_much = [&](process& p) -> task<> {
    EXPECT_EQ(co_await fault_of(write_all(p.input(), bytes_of(much))), EPIPE);
  };
  dwell::run(with_process(shell("head -c 10 >&2 2>/dev/null; exit 0"), write_much), pool());
}

// ---- Back-pressure ----

// The child writes for ever and waits as soon as the system's buffer is full: we keep nothing.
TEST_P(a_process, that_floods_its_output_waits_until_it_is_read) {
  const auto waits_then_reads = [](process& p) -> task<> {
    EXPECT_FALSE(co_await dwell::move_on_after(20ms, p.wait()));
    std::array<std::byte, 1000> room{};
    for (int i = 0; i < 1'000; ++i) co_await read_exactly(p.output(), room);
  };
  const command yes{.program = "yes"};
  dwell::run(with_process(yes, waits_then_reads), pool());
}

TEST_P(a_process, that_does_not_read_makes_our_write_wait) {
  std::size_t written = 0;
  const auto fill = [&](process& p) -> task<> {
    const std::string chunk(1 << 16, 'x');
    for (;;) written += co_await p.input().write_some(bytes_of(chunk));
  };
  const auto limited = [&](process& p) -> task<> {
    EXPECT_FALSE(co_await dwell::move_on_after(20ms, fill(p)));
    co_await p.input().shutdown_write();
    // What a cancelled write has not written is not there, and the rest is.
    EXPECT_EQ((co_await read_all(p.output(), 4096)).size(), written);
  };
  dwell::run(with_process(shell("read first </dev/null; exec cat"), limited), pool());
}

// ---- The end of the block ----

exit_status ends_with_its_block(const command& what, const std::string& ready,
                                const dwell::settings& s) {
  // The status is not ours to see after the block; the one that waits inside it sees it.
  const auto watch = [&](process& p) -> task<exit_status> {
    EXPECT_EQ(co_await dwell_test::read_text(p.output()), ready);
    p.terminate();
    co_return co_await p.wait();
  };
  return dwell::run(with_process(what, watch), s);
}

TEST_P(a_process, is_terminated_when_it_is_asked_to) {
  EXPECT_EQ(ends_with_its_block(shell("echo on; exec sleep 1000"), "on\n", pool()),
            exit_status{.signal = SIGTERM});
  EXPECT_EQ(ends_with_its_block(shell("trap 'exit 7' TERM; echo on; while :; do sleep 0.01; done"),
                                "on\n", pool()),
            exit_status{.code = 7});
}

TEST_P(a_process, ends_with_its_block_however_that_ends) {
  const auto waits_for_ever = [](process& p) -> task<> { (void)co_await p.wait(); };
  const auto throws = [](process&) -> task<> {
    throw std::runtime_error("enough");
    co_return;
  };
  const auto returns = [](process&) -> task<> { co_return; };
  const command sleeps{.program = "sleep", .arguments = {"1000"}, .grace = 1h};
  EXPECT_FALSE(dwell::run(dwell::move_on_after(5ms, with_process(sleeps, waits_for_ever)), pool()));
  EXPECT_THROW(dwell::run(with_process(sleeps, throws), pool()), std::runtime_error);
  dwell::run(with_process(sleeps, returns), pool());
}

TEST_P(a_process, that_ignores_sigterm_is_killed_after_the_grace) {
  command stubborn = shell("trap '' TERM; echo on; exec sleep 1000");
  stubborn.grace = 20ms;
  std::atomic<int> id{0};
  const auto until_on = [&](process& p) -> task<> {
    id = p.id();
    EXPECT_EQ(co_await dwell_test::read_text(p.output()), "on\n");
  };
  dwell::run(with_process(stubborn, until_on), pool());
  EXPECT_EQ(kill(id, 0), -1);
  EXPECT_EQ(errno, ESRCH);
}

TEST_P(a_process, is_not_begun_in_a_cancelled_scope) {
  bool begun = false;
  const auto body = [&](dwell::cancel_scope& scope) -> task<> {
    scope.cancel();
    const auto note = [&](process&) -> task<> {
      begun = true;
      co_return;
    };
    const command does_nothing{.program = "true"};
    co_await with_process(does_nothing, note);
  };
  EXPECT_FALSE(dwell::run(dwell::with_cancel_scope(body), pool()));
  EXPECT_FALSE(begun);
}

TEST_P(a_process, that_is_waited_for_is_no_deadlock) {
  const auto waits = [](process& p) -> task<exit_status> { co_return co_await p.wait(); };
  EXPECT_TRUE(dwell::run(with_process(shell("sleep 0.5"), waits), pool()).success());
}

TEST_P(a_process, has_a_status_that_the_program_can_lose) {
  const auto before = std::signal(SIGCHLD, SIG_IGN);
  const auto waits = [](process& p) -> task<int> {
    p.input().close();
    co_return co_await fault_of(p.wait());
  };
  EXPECT_EQ(dwell::run(with_process(command{.program = "cat"}, waits), pool()), ECHILD);
  std::signal(SIGCHLD, before);
}

// ---- Many ----

TEST_P(a_process, is_one_of_many_that_leave_nothing) {
  dwell::runtime rt(pool());
  const auto count = static_cast<std::size_t>(dwell_test::long_run() ? 10'000 : 200);
  const auto all = [](std::size_t each) -> task<int> {
    const auto greet = [](std::size_t i) -> task<int> {
      command echo{.program = "echo", .arguments = {std::to_string(i)}};
      const report r = co_await run_to_its_end(std::move(echo));
      co_return r.status.success() && r.output == std::to_string(i) + "\n" ? 1 : 0;
    };
    std::vector<std::size_t> numbers(each);
    for (std::size_t i = 0; i < each; ++i) numbers[i] = i;
    int right = 0;
    for (const int one : co_await dwell::map_limited(std::move(numbers), 16, greet)) right += one;
    co_return right;
  };
  EXPECT_EQ(rt.run(all(count)), static_cast<int>(count));
  EXPECT_EQ(rt.statistics().sockets, 0);
}

}  // namespace
