// What the reactor sleeps in.
#include <cstdint>
#include <cstdlib>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <random>
#include <sys/resource.h>
#include <system_error>
#include <thread>
#include <unistd.h>

#include <dwell/base/atomic.hpp>
#include <dwell/os/clock.hpp>
#include <dwell/os/poller.hpp>

#include "os/sanitized.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"

namespace {

namespace base = dwell::base;
using dwell::os::never_ns;
using dwell::os::now_ns;
using dwell::os::poller;
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

class descriptor_limit {
 public:
  explicit descriptor_limit(int descriptors) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit fewer{static_cast<rlim_t>(descriptors), before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &fewer);
  }
  ~descriptor_limit() { setrlimit(RLIMIT_NOFILE, &before_); }
  descriptor_limit(const descriptor_limit&) = delete;
  descriptor_limit& operator=(const descriptor_limit&) = delete;

 private:
  rlimit before_{};
};

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

}  // namespace
