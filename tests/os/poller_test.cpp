// What the reactor sleeps in, by epoll and by io_uring.
#include <array>
#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <functional>
#include <gtest/gtest.h>
#include <poll.h>
#include <random>
#include <span>
#include <string>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <vector>

#include <dwell/base/atomic.hpp>
#include <dwell/os/clock.hpp>
#include <dwell/os/endpoint.hpp>
#include <dwell/os/file_descriptor.hpp>
#include <dwell/os/poller.hpp>
#include <dwell/os/socket.hpp>

#include "os/pollers.hpp"
#include "os/sanitized.hpp"
#include "support/descriptor_limit.hpp"
#include "support/gate.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"

namespace {

namespace base = dwell::base;
using dwell::os::endpoint;
using dwell::os::never_ns;
using dwell::os::now_ns;
using dwell::os::poller;
using dwell_test::at_once;
using dwell_test::descriptor_limit;
using dwell_test::poller_events;
using dwell_test::poller_ptr;
using dwell_test::registered_pair;
using dwell_test::scaled;
using dwell_test::watchdog;

class a_poller : public dwell_test::on_pollers {};
INSTANTIATE_TEST_SUITE_P(kinds, a_poller, dwell_test::each_poller(), dwell_test::poller_name);

// On a thread that has used no ring: when one goes, the kernel interrupts those that have, whatever
// they wait in.
void uninterrupted(const std::function<void()>& body) { std::thread(body).join(); }

TEST_P(a_poller, does_not_lose_a_kick_given_before_the_wait) {
  const watchdog alarm("a_poller, does_not_lose_a_kick_given_before_the_wait");
  const poller_ptr p = make();
  p->kick();
  p->wait_until(never_ns);
}

TEST_P(a_poller, ends_one_wait_for_all_kicks_before_it) {
  uninterrupted([] {
    const poller_ptr p = make();
    for (int i = 0; i < 1000; ++i) p->kick();
    p->wait_until(never_ns);
    const std::int64_t deadline = now_ns() + 1'000'000;
    p->wait_until(deadline);
    EXPECT_GE(now_ns(), deadline) << "an old kick ended a second wait";
  });
}

TEST_P(a_poller, wait_ends_by_a_kick_from_another_thread) {
  const watchdog alarm("a_poller, wait_ends_by_a_kick_from_another_thread");
  for (const std::int64_t deadline : {never_ns, never_ns - 1, now_ns() + 3'600'000'000'000}) {
    const poller_ptr p = make();
    std::thread kicker([&] { p->kick(); });
    p->wait_until(deadline);
    kicker.join();
  }
}

TEST_P(a_poller, hears_every_kick_of_a_long_exchange) {
  const watchdog alarm("a_poller, hears_every_kick_of_a_long_exchange");
  const int rounds = static_cast<int>(scaled(30'000));
  const poller_ptr here = make();
  const poller_ptr there = make();
  base::atomic<int> asked{0};
  base::atomic<int> answered{0};
  std::thread other([&] {
    for (int i = 1; i <= rounds; ++i) {
      while (asked.load(base::acquire) < i) there->wait_until(never_ns);
      answered.store(i, base::release);
      here->kick();
    }
  });
  for (int i = 1; i <= rounds; ++i) {
    asked.store(i, base::release);
    there->kick();
    while (answered.load(base::acquire) < i) here->wait_until(never_ns);
  }
  other.join();
}

TEST_P(a_poller, never_ends_a_wait_early) {
  uninterrupted([] {
    const poller_ptr p = make();
    std::mt19937_64 random(1);
    for (int i = 0; i < 300; ++i) {
      const std::int64_t deadline = now_ns() + static_cast<std::int64_t>(random() % 1'000'000);
      p->wait_until(deadline);
      ASSERT_GE(now_ns(), deadline);
    }
  });
}

TEST_P(a_poller, returns_at_once_when_the_deadline_has_passed) {
  const poller_ptr p = make();
  for (const std::int64_t deadline : {now_ns() - 1, std::int64_t{0}, std::int64_t{-1}})
    p->wait_until(deadline);
}

// The lowest number that the next descriptor would get: it rises when one leaks.
int next_descriptor() {
  const int fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  close(fd);
  return fd;
}

TEST_P(a_poller, throws_when_the_system_has_no_descriptor_left_and_leaks_none) {
  if (dwell_test::sanitized) GTEST_SKIP() << "sanitizers open files of their own";
  const int next = next_descriptor();
  for (int granted = 0; granted < GetParam().descriptors; ++granted) {
    const descriptor_limit limit(next + granted);
    EXPECT_THROW(static_cast<void>(make()), std::system_error) << granted;
  }
  EXPECT_EQ(next_descriptor(), next);
}

TEST_P(a_poller, gives_its_descriptors_back) {
  const int next = next_descriptor();
  static_cast<void>(make());
  EXPECT_EQ(next_descriptor(), next);
}

// ---- Events ----

class events_of_a_poller : public dwell_test::on_pollers {};
INSTANTIATE_TEST_SUITE_P(kinds, events_of_a_poller, dwell_test::each_poller(),
                         dwell_test::poller_name);

TEST_P(events_of_a_poller, tell_at_once_what_is_ready_already) {
  const poller_ptr p = make();
  poller_events got;
  const registered_pair s(*p);
  ASSERT_EQ(p->wait_until(never_ns, got), 1U);
  EXPECT_EQ(got[0].token, 7U);
  EXPECT_TRUE(got[0].writable);
  EXPECT_FALSE(got[0].readable);
  EXPECT_FALSE(got[0].hung_up);
}

TEST_P(events_of_a_poller, come_once_for_each_arrival) {
  const poller_ptr p = make();
  poller_events got;
  const registered_pair s(*p);
  p->wait_until(at_once, got);
  for (int i = 0; i < 3; ++i) {
    s.send("x");
    ASSERT_EQ(p->wait_until(never_ns, got), 1U);
    EXPECT_TRUE(got[0].readable);
    EXPECT_EQ(p->wait_until(at_once, got), 0U) << "the edge was told, though nothing was read";
  }
}

TEST_P(events_of_a_poller, tell_of_a_half_close_as_readable_and_hung_up) {
  const poller_ptr p = make();
  poller_events got;
  const registered_pair s(*p);
  p->wait_until(at_once, got);
  ASSERT_TRUE(dwell::os::shut_down_sending(s.b.get()).ok());
  ASSERT_EQ(p->wait_until(never_ns, got), 1U);
  EXPECT_TRUE(got[0].readable);
  EXPECT_TRUE(got[0].hung_up);
}

TEST_P(events_of_a_poller, wake_both_directions_when_the_other_side_is_gone) {
  const poller_ptr p = make();
  poller_events got;
  registered_pair s(*p);
  p->wait_until(at_once, got);
  s.b.reset();
  ASSERT_EQ(p->wait_until(never_ns, got), 1U);
  EXPECT_TRUE(got[0].readable);
  EXPECT_TRUE(got[0].writable);
  EXPECT_TRUE(got[0].hung_up);
}

TEST_P(events_of_a_poller, no_longer_come_from_what_was_removed) {
  const poller_ptr p = make();
  poller_events got;
  const registered_pair s(*p);
  p->wait_until(at_once, got);
  p->remove(s.a.get());
  s.send("x");
  EXPECT_EQ(p->wait_until(at_once, got), 0U);
}

TEST_P(events_of_a_poller, are_bounded_and_none_is_lost_when_there_are_more) {
  const poller_ptr p = make();
  std::vector<registered_pair> pairs;
  constexpr std::size_t count = 2 * poller::most_events + 5;
  for (std::size_t i = 0; i < count; ++i) pairs.emplace_back(*p);
  poller_events got;
  std::size_t sum = 0;
  for (const std::size_t expected : {poller::most_events, poller::most_events, std::size_t{5}}) {
    const std::size_t came = p->wait_until(at_once, got);
    EXPECT_EQ(came, expected);
    sum += came;
  }
  EXPECT_EQ(sum, count);
}

TEST_P(events_of_a_poller, leave_kicks_as_they_are) {
  const watchdog alarm("events_of_a_poller, leave_kicks_as_they_are");
  const poller_ptr p = make();
  poller_events got;
  const registered_pair s(*p);
  p->wait_until(at_once, got);
  p->kick();
  EXPECT_EQ(p->wait_until(never_ns, got), 0U) << "a kick is no event";
  s.send("x");
  p->kick();
  EXPECT_EQ(p->wait_until(never_ns, got), 1U);
}

TEST_P(events_of_a_poller, refuse_a_descriptor_that_cannot_be_polled) {
  const poller_ptr p = make();
  const dwell::os::file_descriptor file(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
  EXPECT_EQ(p->add(file.get(), 1), EPERM);
  EXPECT_EQ(p->add(-1, 1), EBADF);
}

TEST_P(events_of_a_poller, are_registered_for_once) {
  const poller_ptr p = make();
  const registered_pair s(*p);
  EXPECT_EQ(p->add(s.a.get(), 8), EEXIST);
}

// Each socket gets the number of the one before, of which an arrival has not been told.
TEST_P(events_of_a_poller, are_never_those_of_whoever_had_the_number_before) {
  const poller_ptr p = make();
  poller_events got;
  for (std::uint64_t token = 1; token <= 100; ++token) {
    const registered_pair s(*p, token);
    for (std::size_t i = p->wait_until(never_ns, got); i > 0; --i) {
      ASSERT_EQ(got[i - 1].token, token);
      ASSERT_FALSE(got[i - 1].readable);
    }
    s.send("x");
    p->remove(s.a.get());
  }
}

// A poll that is not removed keeps the connection open.
void expect_to_hear_of_the_end(const dwell_test::socket_pair& s) {
  pollfd end{.fd = s.b.get(), .events = POLLIN, .revents = 0};
  EXPECT_EQ(poll(&end, 1, -1), 1);
  EXPECT_NE(end.revents & POLLHUP, 0);
}

// Registers it in a thread that does `meanwhile` until it is over, and closes it in this one.
void close_what_another_registered(poller& p, int fd, const std::function<void()>& close,
                                   void (*meanwhile)(dwell_test::gate& over)) {
  const watchdog alarm("what another thread has registered is not let go");
  dwell_test::gate registered;
  dwell_test::gate over;
  std::thread owner([&] {
    EXPECT_EQ(p.add(fd, 7), 0);
    registered.open();
    meanwhile(over);
  });
  registered.pass();
  p.remove(fd);
  close();
  over.open();
  owner.join();
}

void ends(dwell_test::gate&) {}
void sleeps(dwell_test::gate& over) { over.pass(); }
void computes(dwell_test::gate& over) {
  while (!over.is_open()) continue;
}

TEST_P(events_of_a_poller, do_not_keep_open_what_was_removed_and_closed) {
  const poller_ptr p = make();
  for (const auto meanwhile : {ends, sleeps, computes}) {
    dwell_test::socket_pair s;
    const auto close = [&s] {
      s.a.reset();
      expect_to_hear_of_the_end(s);
    };
    close_what_another_registered(*p, s.a.get(), close, meanwhile);
  }
}

// Listens under an abstract name, which is free when nothing holds the listener any more.
dwell::os::file_descriptor listener() {
  const auto name = endpoint::unix_socket("@dwell_poller_" + std::to_string(getpid()));
  const auto opened =
      dwell::os::open_socket(endpoint::kind::unix_path, dwell::os::socket_kind::stream);
  dwell::os::file_descriptor fd(static_cast<int>(opened.value));
  EXPECT_EQ(dwell::os::bind_socket(fd.get(), name).error, 0);
  EXPECT_EQ(dwell::os::listen_on(fd.get(), 1).error, 0);
  return fd;
}

TEST_P(events_of_a_poller, leave_the_address_of_a_closed_listener_free) {
  const poller_ptr p = make();
  for (const auto meanwhile : {ends, sleeps, computes})
    for (int i = 0; i < 10; ++i) {
      auto first = listener();
      const auto close = [&first] {
        first.reset();
        const auto second = listener();
      };
      close_what_another_registered(*p, first.get(), close, meanwhile);
    }
}

// The child has the poller's memory and descriptors, and lets them be.
TEST_P(events_of_a_poller, go_on_after_a_fork) {
  const watchdog alarm("events_of_a_poller, go_on_after_a_fork");
  const poller_ptr p = make();
  poller_events got;
  registered_pair s(*p);
  p->wait_until(at_once, got);
  const pid_t child = fork();
  if (child == 0) _exit(0);
  ASSERT_EQ(waitpid(child, nullptr, 0), child);
  s.send("x");
  ASSERT_EQ(p->wait_until(never_ns, got), 1U);
  EXPECT_TRUE(got[0].readable);
  p->remove(s.a.get());
  s.a.reset();
  expect_to_hear_of_the_end(s);
}

TEST_P(events_of_a_poller, come_when_the_thread_that_registered_has_ended) {
  const watchdog alarm("events_of_a_poller, come_when_the_thread_that_registered_has_ended");
  const poller_ptr p = make();
  poller_events got;
  const dwell_test::socket_pair s;
  std::thread([&] { EXPECT_EQ(p->add(s.a.get(), 7), 0); }).join();
  p->wait_until(at_once, got);
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(dwell::os::send(s.b.get(), std::as_bytes(std::span("x"))).ok());
    bool readable = false;
    while (!readable)
      for (std::size_t n = p->wait_until(never_ns, got); n > 0; --n)
        readable = readable || got[n - 1].readable;
  }
}

// Each thread registers, is told of what arrives, removes and closes, over and over, so that the
// numbers of descriptors go round; one thread waits for all of them.
TEST_P(events_of_a_poller, reach_whoever_registers_while_another_waits) {
  const watchdog alarm("events_of_a_poller, reach_whoever_registers_while_another_waits");
  constexpr std::uint64_t threads = 4;
  const auto rounds = static_cast<std::uint64_t>(scaled(2'000));
  const poller_ptr p = make();
  std::array<base::atomic<std::uint64_t>, threads> told{};  // the round of which it was told
  base::atomic<std::uint64_t> left{threads};
  std::vector<std::thread> all;
  for (std::uint64_t t = 0; t < threads; ++t)
    all.emplace_back([&, t] {
      for (std::uint64_t round = 1; round <= rounds; ++round) {
        const registered_pair s(*p, round * threads + t);
        s.send("x");
        while (told[t].load(base::acquire) < round) std::this_thread::yield();
        p->remove(s.a.get());
      }
      left.fetch_sub(1, base::release);
      p->kick();
    });
  poller_events got;
  while (left.load(base::acquire) > 0)
    for (std::size_t i = p->wait_until(never_ns, got); i > 0; --i)
      if (const auto& event = got[i - 1]; event.readable)
        told[event.token % threads].store(event.token / threads, base::release);
  for (std::thread& each : all) each.join();
}

}  // namespace
