// Waiting for descriptors that somebody else opened.
#include <array>
#include <cstdint>
#include <gtest/gtest.h>
#include <stdexcept>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include <dwell/os/clock.hpp>
#include <dwell/os/descriptor_wait.hpp>

#include "support/watchdog.hpp"

namespace {

using dwell::os::descriptor_wait;
using dwell::os::never_ns;
using dwell::os::now_ns;

class connected {
 public:
  connected() {
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends_.data()) != 0)
      throw std::runtime_error("socketpair");
  }
  connected(const connected&) = delete;
  connected& operator=(const connected&) = delete;
  ~connected() {
    close(ends_[0]);
    if (ends_[1] >= 0) close(ends_[1]);
  }

  [[nodiscard]] int fd() const { return ends_[0]; }
  void send() { EXPECT_EQ(write(ends_[1], "x", 1), 1); }
  void hang_up() {
    close(ends_[1]);
    ends_[1] = -1;
  }

 private:
  std::array<int, 2> ends_{};
};

class a_descriptor_wait : public testing::Test {
 protected:
  descriptor_wait wait;

 private:
  const dwell_test::watchdog dog_{"a descriptor_wait"};
};

TEST_F(a_descriptor_wait, ends_when_a_descriptor_is_readable) {
  connected quiet;
  connected busy;
  wait.watch(quiet.fd(), true, false);
  wait.watch(busy.fd(), true, false);
  busy.send();
  const auto happened = wait.wait_until(never_ns);
  ASSERT_EQ(happened.size(), 1U);
  EXPECT_EQ(happened[0].fd, busy.fd());
  EXPECT_TRUE(happened[0].readable);
  EXPECT_FALSE(happened[0].writable);
}

TEST_F(a_descriptor_wait, tells_only_what_was_asked_for_last) {
  connected c;
  c.send();
  wait.watch(c.fd(), true, true);
  wait.watch(c.fd(), false, true);
  const auto happened = wait.wait_until(never_ns);
  ASSERT_EQ(happened.size(), 1U);
  EXPECT_FALSE(happened[0].readable);
  EXPECT_TRUE(happened[0].writable);
}

TEST_F(a_descriptor_wait, tells_of_the_other_sides_end) {
  connected c;
  wait.watch(c.fd(), true, false);
  c.hang_up();
  const auto happened = wait.wait_until(never_ns);
  ASSERT_EQ(happened.size(), 1U);
  EXPECT_TRUE(happened[0].readable);
}

TEST_F(a_descriptor_wait, forgets_a_descriptor) {
  connected c;
  c.send();
  wait.watch(c.fd(), true, false);
  wait.watch(c.fd(), false, false);
  wait.watch(c.fd(), false, false);
  EXPECT_TRUE(wait.wait_until(now_ns()).empty());
}

TEST_F(a_descriptor_wait, never_ends_early) {
  const std::int64_t deadline = now_ns() + 2'000'000;
  EXPECT_TRUE(wait.wait_until(deadline).empty());
  EXPECT_GE(now_ns(), deadline);
}

TEST_F(a_descriptor_wait, does_not_lose_a_kick_given_before_it) {
  for (int i = 0; i < 10; ++i) wait.kick();
  EXPECT_TRUE(wait.wait_until(never_ns).empty());
  const std::int64_t deadline = now_ns() + 1'000'000;
  EXPECT_TRUE(wait.wait_until(deadline).empty());
  EXPECT_GE(now_ns(), deadline) << "an old kick ended a second wait";
}

TEST_F(a_descriptor_wait, ends_by_a_kick_from_another_thread) {
  for (int i = 0; i < 100; ++i) {
    std::thread kicker([&] { wait.kick(); });
    EXPECT_TRUE(wait.wait_until(never_ns).empty());
    kicker.join();
  }
}

}  // namespace
