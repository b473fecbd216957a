// What the kernel is asked for sockets' events: io_uring where it is wanted and granted, and epoll
// everywhere else.
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <gtest/gtest.h>

#include <dwell/engine/runtime.hpp>
#include <dwell/engine/settings.hpp>
#include <dwell/scope/sleep.hpp>

#include "os/pollers.hpp"
#include "support/watchdog.hpp"
#include "support/without_io_uring.hpp"

namespace {

using dwell::io_mode;
using dwell::reactor_mode;
using namespace std::chrono_literals;

dwell::task<int> sleeps() {
  co_await dwell::sleep_for(1ms);
  co_return 42;
}

dwell::settings with(io_mode io, unsigned workers) {
  dwell::settings s;
  s.threads = workers;
  s.io = io;
  return s;
}

TEST(an_io_mode, is_epoll_unless_asked_otherwise) {
  const dwell::runtime rt;
  EXPECT_EQ(rt.active_settings().io, io_mode::epoll);
}

TEST(an_io_mode, is_io_uring_where_that_is_asked_for_and_granted) {
  if (!dwell_test::uring_refusal().empty()) GTEST_SKIP() << dwell_test::uring_refusal();
  const dwell_test::watchdog alarm("an_io_mode, is_io_uring_where_that_is_asked_for_and_granted");
  for (const reactor_mode reactor : {reactor_mode::shared, reactor_mode::dedicated})
    for (const unsigned workers : {1U, 2U, 4U}) {
      dwell::settings s = with(io_mode::io_uring, workers);
      s.reactor = reactor;
      dwell::runtime rt(s);
      EXPECT_EQ(rt.active_settings().io, io_mode::io_uring);
      EXPECT_EQ(rt.run(sleeps()), 42);
    }
}

// The child of a death test; which is not allowed to inherit a ring.
void run_without_io_uring(int error) {
  if (!dwell_test::forbid_io_uring(static_cast<std::uint16_t>(error))) {
    std::fprintf(stderr, "no filter");
    std::exit(1);
  }
  dwell::runtime rt(with(io_mode::io_uring, 2));
  const bool works = rt.run(sleeps()) == 42;
  std::exit(works && rt.active_settings().io == io_mode::epoll ? 0 : 2);
}

TEST(an_io_mode_death, is_epoll_with_a_line_on_stderr_where_the_kernel_refuses_io_uring) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto works = testing::ExitedWithCode(0);
  EXPECT_EXIT(run_without_io_uring(EPERM), works,
              "^dwell: the kernel refuses io_uring \\(Operation not permitted\\); waiting by epoll "
              "instead\n$");
  EXPECT_EXIT(run_without_io_uring(ENOSYS), works, "\\(Function not implemented\\)");
}

}  // namespace
