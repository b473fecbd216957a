// What io_uring alone can do wrong: a completion queue that overflows, polls that end, and a wait
// that knows no timer slack.
#include <chrono>
#include <cstdint>
#include <gtest/gtest.h>
#include <set>
#include <thread>
#include <vector>

#include <dwell/os/clock.hpp>
#include <dwell/os/poller.hpp>
#include <dwell/os/thread.hpp>

#include "os/pollers.hpp"
#include "support/watchdog.hpp"

namespace {

using dwell::os::make_uring_poller;
using dwell::os::never_ns;
using dwell::os::now_ns;
using dwell_test::at_once;
using dwell_test::poller_events;
using dwell_test::poller_ptr;
using dwell_test::registered_pair;
using dwell_test::watchdog;
using namespace std::chrono_literals;

class a_uring_poller : public testing::Test {
 protected:
  void SetUp() override {
    if (!dwell_test::uring_refusal().empty()) GTEST_SKIP() << dwell_test::uring_refusal();
  }
};

constexpr unsigned tiny = 2;
constexpr std::size_t many = 200;

/// Far more sockets than there is room for completions; the number of each is its token.
struct crowd {
  crowd() {
    for (std::size_t i = 0; i < many; ++i) sockets.emplace_back(*poller, i);
  }
  /// The tokens of which an arrival is told.
  [[nodiscard]] std::set<std::uint64_t> hear_all() const {
    std::set<std::uint64_t> heard;
    poller_events got;
    while (heard.size() < many)
      for (std::size_t i = poller->wait_until(never_ns, got); i > 0; --i)
        if (got[i - 1].readable) heard.insert(got[i - 1].token);
    return heard;
  }
  /// Takes what is told until there is nothing left. False: there is always more.
  [[nodiscard]] bool falls_silent() const {
    poller_events got;
    for (std::size_t looks = 0; looks < 100 * many; ++looks)
      if (poller->wait_until(at_once, got) == 0) return true;
    return false;
  }

  poller_ptr poller = make_uring_poller(tiny);
  std::vector<registered_pair> sockets{};
};

TEST_F(a_uring_poller, loses_no_event_when_its_completions_overflow) {
  const watchdog alarm("a_uring_poller, loses_no_event_when_its_completions_overflow");
  const crowd c;
  for (int burst = 0; burst < 5; ++burst) {
    for (const registered_pair& each : c.sockets) each.send("x");
    EXPECT_EQ(c.hear_all().size(), many) << burst;
  }
}

// A poll that is armed while there is an overflow only ends again: for ever, if all of them are.
TEST_F(a_uring_poller, falls_silent_after_an_overflow) {
  const watchdog alarm("a_uring_poller, falls_silent_after_an_overflow");
  const crowd c;
  for (int burst = 0; burst < 3; ++burst) {
    for (const registered_pair& each : c.sockets) each.send("x");
    EXPECT_TRUE(c.falls_silent()) << burst;
  }
}

// A kick leaves the next one to the completion that is on its way: it must arrive.
TEST_F(a_uring_poller, hears_the_kicks_after_one_that_overflowed) {
  const watchdog alarm("a_uring_poller, hears_the_kicks_after_one_that_overflowed");
  const crowd c;
  c.poller->kick();
  EXPECT_TRUE(c.falls_silent());
  EXPECT_TRUE(c.falls_silent()) << "the first silence may have been the kick";
  std::thread kicker([&] { c.poller->kick(); });
  poller_events got;
  EXPECT_EQ(c.poller->wait_until(never_ns, got), 0U);
  kicker.join();
}

TEST_F(a_uring_poller, tells_nothing_of_what_is_removed_during_an_overflow) {
  const crowd c;
  poller_events got;
  for (const registered_pair& each : c.sockets) {
    each.send("x");
    if (each.a.get() % 3 == 0) c.poller->wait_until(at_once, got);  // some polls are known to end
  }
  for (const registered_pair& each : c.sockets) c.poller->remove(each.a.get());
  EXPECT_EQ(c.poller->wait_until(at_once, got), 0U);
  const registered_pair next(*c.poller, 1'000);
  ASSERT_EQ(c.poller->wait_until(never_ns, got), 1U);
  EXPECT_EQ(got[0].token, 1'000U);
}

TEST_F(a_uring_poller, gives_the_timers_the_slack_that_its_thread_asked_for) {
  constexpr auto slack = 20ms;
  std::thread([&] {
    dwell::os::set_timer_slack(slack);
    const poller_ptr p = make_uring_poller();
    const std::int64_t deadline = now_ns() + 1'000'000;
    p->wait_until(deadline);
    EXPECT_GE(now_ns(), deadline + std::chrono::nanoseconds(slack).count());
  }).join();
}

}  // namespace
