// What the reactor sleeps in.
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <random>
#include <span>
#include <string_view>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <vector>

#include <dwell/base/atomic.hpp>
#include <dwell/os/clock.hpp>
#include <dwell/os/poller.hpp>
#include <dwell/os/socket.hpp>

#include "os/sanitized.hpp"
#include "os/socket_pair.hpp"
#include "support/descriptor_limit.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"

namespace {

namespace base = dwell::base;
using dwell::os::never_ns;
using dwell::os::now_ns;
using dwell::os::poller;
using dwell_test::descriptor_limit;
using dwell_test::scaled;
using dwell_test::watchdog;

TEST(poller, does_not_lose_a_kick_given_before_the_wait) {
  const watchdog alarm("poller, does_not_lose_a_kick_given_before_the_wait");
  poller p;
  p.kick();
  p.wait_until(never_ns);
}

TEST(poller, ends_one_wait_for_all_kicks_before_it) {
  poller p;
  for (int i = 0; i < 1000; ++i) p.kick();
  p.wait_until(never_ns);
  const std::int64_t deadline = now_ns() + 1'000'000;
  p.wait_until(deadline);
  EXPECT_GE(now_ns(), deadline) << "an old kick ended a second wait";
}

TEST(poller, wait_ends_by_a_kick_from_another_thread) {
  const watchdog alarm("poller, wait_ends_by_a_kick_from_another_thread");
  for (const std::int64_t deadline : {never_ns, never_ns - 1, now_ns() + 3'600'000'000'000}) {
    poller p;
    std::thread kicker([&] { p.kick(); });
    p.wait_until(deadline);
    kicker.join();
  }
}

TEST(poller, hears_every_kick_of_a_long_exchange) {
  const watchdog alarm("poller, hears_every_kick_of_a_long_exchange");
  const int rounds = static_cast<int>(scaled(30'000));
  poller here;
  poller there;
  base::atomic<int> asked{0};
  base::atomic<int> answered{0};
  std::thread other([&] {
    for (int i = 1; i <= rounds; ++i) {
      while (asked.load(base::acquire) < i) there.wait_until(never_ns);
      answered.store(i, base::release);
      here.kick();
    }
  });
  for (int i = 1; i <= rounds; ++i) {
    asked.store(i, base::release);
    there.kick();
    while (answered.load(base::acquire) < i) here.wait_until(never_ns);
  }
  other.join();
}

TEST(poller, never_ends_a_wait_early) {
  poller p;
  std::mt19937_64 random(1);
  for (int i = 0; i < 300; ++i) {
    const std::int64_t deadline = now_ns() + static_cast<std::int64_t>(random() % 1'000'000);
    p.wait_until(deadline);
    ASSERT_GE(now_ns(), deadline);
  }
}

TEST(poller, returns_at_once_when_the_deadline_has_passed) {
  poller p;
  for (const std::int64_t deadline : {now_ns() - 1, std::int64_t{0}, std::int64_t{-1}})
    p.wait_until(deadline);
}

// The lowest number that the next descriptor would get: it rises when one leaks.
int next_descriptor() {
  const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  close(fd);
  return fd;
}

TEST(poller, throws_when_the_system_has_no_descriptor_left_and_leaks_none) {
  if (dwell_test::sanitized) GTEST_SKIP() << "sanitizers open files of their own";
  const int next = next_descriptor();
  for (const int granted : {0, 1}) {  // none for epoll; one for epoll, none for the eventfd
    const descriptor_limit limit(next + granted);
    EXPECT_THROW(poller{}, std::system_error) << granted;
  }
  EXPECT_EQ(next_descriptor(), next);
}

TEST(poller, gives_its_descriptors_back) {
  const int next = next_descriptor();
  { const poller p; }
  EXPECT_EQ(next_descriptor(), next);
}

// ---- Events ----

using events = std::array<dwell::os::ready_event, poller::most_events>;

constexpr std::int64_t at_once = 0;

struct registered_pair : dwell_test::socket_pair {
  explicit registered_pair(poller& p) { EXPECT_EQ(p.add(a.get(), 7), 0); }
  void send(std::string_view text) const {
    EXPECT_TRUE(dwell::os::send(b.get(), std::as_bytes(std::span(text))).ok());
  }
};

TEST(poller_events, tell_at_once_what_is_ready_already) {
  poller p;
  events got;
  const registered_pair s(p);
  ASSERT_EQ(p.wait_until(never_ns, got), 1U);
  EXPECT_EQ(got[0].token, 7U);
  EXPECT_TRUE(got[0].writable);
  EXPECT_FALSE(got[0].readable);
  EXPECT_FALSE(got[0].hung_up);
}

TEST(poller_events, come_once_for_each_arrival) {
  poller p;
  events got;
  const registered_pair s(p);
  p.wait_until(at_once, got);
  for (int i = 0; i < 3; ++i) {
    s.send("x");
    ASSERT_EQ(p.wait_until(never_ns, got), 1U);
    EXPECT_TRUE(got[0].readable);
    EXPECT_EQ(p.wait_until(at_once, got), 0U) << "the edge was told, though nothing was read";
  }
}

TEST(poller_events, tell_of_a_half_close_as_readable_and_hung_up) {
  poller p;
  events got;
  const registered_pair s(p);
  p.wait_until(at_once, got);
  ASSERT_TRUE(dwell::os::shut_down_sending(s.b.get()).ok());
  ASSERT_EQ(p.wait_until(never_ns, got), 1U);
  EXPECT_TRUE(got[0].readable);
  EXPECT_TRUE(got[0].hung_up);
}

TEST(poller_events, wake_both_directions_when_the_other_side_is_gone) {
  poller p;
  events got;
  registered_pair s(p);
  p.wait_until(at_once, got);
  s.b.reset();
  ASSERT_EQ(p.wait_until(never_ns, got), 1U);
  EXPECT_TRUE(got[0].readable);
  EXPECT_TRUE(got[0].writable);
  EXPECT_TRUE(got[0].hung_up);
}

TEST(poller_events, no_longer_come_from_what_was_removed) {
  poller p;
  events got;
  const registered_pair s(p);
  p.wait_until(at_once, got);
  p.remove(s.a.get());
  s.send("x");
  EXPECT_EQ(p.wait_until(at_once, got), 0U);
}

TEST(poller_events, are_bounded_and_none_is_lost_when_there_are_more) {
  poller p;
  std::vector<registered_pair> pairs;
  constexpr std::size_t count = 2 * poller::most_events + 5;
  for (std::size_t i = 0; i < count; ++i) pairs.emplace_back(p);
  events got;
  std::size_t sum = 0;
  for (const std::size_t expected : {poller::most_events, poller::most_events, std::size_t{5}}) {
    const std::size_t came = p.wait_until(at_once, got);
    EXPECT_EQ(came, expected);
    sum += came;
  }
  EXPECT_EQ(sum, count);
}

TEST(poller_events, leave_kicks_as_they_are) {
  const watchdog alarm("poller_events, leave_kicks_as_they_are");
  poller p;
  events got;
  const registered_pair s(p);
  p.wait_until(at_once, got);
  p.kick();
  EXPECT_EQ(p.wait_until(never_ns, got), 0U) << "a kick is no event";
  s.send("x");
  p.kick();
  EXPECT_EQ(p.wait_until(never_ns, got), 1U);
}

TEST(poller_events, refuse_a_descriptor_that_cannot_be_polled) {
  poller p;
  const dwell::os::file_descriptor file(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(p.add(file.get(), 1), EPERM);
  EXPECT_EQ(p.add(-1, 1), EBADF);
}

}  // namespace
