// Settings: defaults, what is refused and in which words, and the environment's precedence.
#include <chrono>
#include <cstdlib>
#include <functional>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include <dwell/engine/settings.hpp>

namespace {

using dwell::resolve;
using dwell::settings;
using testing::HasSubstr;
using namespace std::chrono_literals;

// An environment variable for the length of a test.
class variable {
 public:
  variable(std::string name, const std::string& value) : name_(std::move(name)) {
    setenv(name_.c_str(), value.c_str(), 1);
  }
  variable(const variable&) = delete;
  variable& operator=(const variable&) = delete;
  ~variable() { unsetenv(name_.c_str()); }

 private:
  const std::string name_;
};

std::string refusal(const settings& s) {
  try {
    static_cast<void>(resolve(s));
  } catch (const dwell::settings_error& e) {
    return e.what();
  }
  return "nothing was refused";
}

std::string refusal(const std::function<void(settings&)>& change) {
  settings s;
  change(s);
  return refusal(s);
}

TEST(settings, have_defaults_that_make_sense) {
  const settings s = resolve({});
  EXPECT_GE(s.threads, 1U);
  EXPECT_EQ(s.timer_slack, 50us);
  EXPECT_EQ(s.thread_name, "dwell");
  EXPECT_GT(s.fairness_interval, 0U);
  EXPECT_GT(s.shutdown_grace, 0s);
  EXPECT_EQ(s.blocking_threads, 512U);
  EXPECT_EQ(s.blocking_keep_alive, 10s);
  EXPECT_GE(s.compute_threads, 1U);
  EXPECT_TRUE(s.compute_threads == 1 || s.compute_threads < s.threads);
  EXPECT_EQ(s.watchdog_after, 100ms);
  EXPECT_EQ(s.compute_watchdog_after, 1s);
  EXPECT_FALSE(s.on_thread_start);
  EXPECT_FALSE(s.on_thread_stop);
}

TEST(settings, of_the_code_are_kept) {
  settings s;
  s.threads = 3;
  s.timer_slack = 7us;
  s.spin = 11;
  s.lifo_cap = 5;
  s.fairness_interval = 13;
  s.frame_cache = 128;
  s.thread_name = "mine";
  s.shutdown_grace = 17ms;
  s.blocking_threads = 19;
  s.blocking_keep_alive = 23ms;
  s.compute_threads = 29;
  s.watchdog_after = 31ms;
  s.compute_watchdog_after = 37ms;
  const settings r = resolve(s);
  EXPECT_EQ(r.threads, 3U);
  EXPECT_EQ(r.timer_slack, 7us);
  EXPECT_EQ(r.spin, 11U);
  EXPECT_EQ(r.lifo_cap, 5U);
  EXPECT_EQ(r.fairness_interval, 13U);
  EXPECT_EQ(r.frame_cache, 128U);
  EXPECT_EQ(r.thread_name, "mine");
  EXPECT_EQ(r.shutdown_grace, 17ms);
  EXPECT_EQ(r.blocking_threads, 19U);
  EXPECT_EQ(r.blocking_keep_alive, 23ms);
  EXPECT_EQ(r.compute_threads, 29U);
  EXPECT_EQ(r.watchdog_after, 31ms);
  EXPECT_EQ(r.compute_watchdog_after, 37ms);
}

// ---- What the code may not say ----

TEST(settings, refuse_too_many_threads) {
  EXPECT_EQ(refusal([](settings& s) { s.threads = 1025; }),
            "dwell: settings::threads = 1025: expected 0 to 1024");
}

TEST(settings, refuse_a_negative_or_huge_timer_slack) {
  const std::string expected = ": expected 0 to 1000000";
  for (const auto slack : {std::chrono::nanoseconds(-1), std::chrono::nanoseconds(-1s),
                           std::chrono::nanoseconds(2s), std::chrono::nanoseconds::min()}) {
    const std::string text = refusal([&](settings& s) { s.timer_slack = slack; });
    EXPECT_THAT(text, HasSubstr("dwell: settings::timer_slack")) << slack.count();
    EXPECT_THAT(text, HasSubstr(expected)) << slack.count();
  }
}

TEST(settings, refuse_too_long_a_spin) {
  EXPECT_EQ(refusal([](settings& s) { s.spin = 1'000'001; }),
            "dwell: settings::spin = 1000001: expected 0 to 1000000");
}

TEST(settings, refuse_too_high_a_lifo_cap) {
  EXPECT_EQ(refusal([](settings& s) { s.lifo_cap = 1'001; }),
            "dwell: settings::lifo_cap = 1001: expected 0 to 1000");
}

TEST(settings, refuse_a_fairness_interval_of_zero_or_too_long) {
  EXPECT_EQ(refusal([](settings& s) { s.fairness_interval = 0; }),
            "dwell: settings::fairness_interval = 0: expected 1 to 1000000");
  EXPECT_EQ(refusal([](settings& s) { s.fairness_interval = 1'000'001; }),
            "dwell: settings::fairness_interval = 1000001: expected 1 to 1000000");
}

TEST(settings, refuse_a_steal_width_or_timer_batch_outside_its_range) {
  EXPECT_EQ(refusal([](settings& s) { s.steal_width = 0; }),
            "dwell: settings::steal_width = 0: expected 1 to 2048");
  EXPECT_EQ(refusal([](settings& s) { s.timer_batch = 127; }),
            "dwell: settings::timer_batch = 127: expected 1 to 126");
}

TEST(settings, refuse_a_frame_cache_outside_its_range) {
  EXPECT_EQ(refusal([](settings& s) { s.frame_cache = 63; }),
            "dwell: settings::frame_cache = 63: expected 64 to 1000000");
  EXPECT_EQ(refusal([](settings& s) { s.frame_cache = 1'000'001; }),
            "dwell: settings::frame_cache = 1000001: expected 64 to 1000000");
}

TEST(settings, refuse_a_negative_or_endless_grace) {
  for (const auto grace : {std::chrono::milliseconds(-1), std::chrono::milliseconds(48h)}) {
    const std::string text = refusal([&](settings& s) { s.shutdown_grace = grace; });
    EXPECT_THAT(text, HasSubstr("dwell: settings::shutdown_grace")) << grace.count();
    EXPECT_THAT(text, HasSubstr(": expected 0 to 86400000")) << grace.count();
  }
}

TEST(settings, refuse_no_blocking_thread_or_too_many) {
  EXPECT_EQ(refusal([](settings& s) { s.blocking_threads = 0; }),
            "dwell: settings::blocking_threads = 0: expected 1 to 100000");
  EXPECT_EQ(refusal([](settings& s) { s.blocking_threads = 100'001; }),
            "dwell: settings::blocking_threads = 100001: expected 1 to 100000");
}

TEST(settings, refuse_too_many_compute_threads) {
  EXPECT_EQ(refusal([](settings& s) { s.compute_threads = 1025; }),
            "dwell: settings::compute_threads = 1025: expected 0 to 1024");
}

TEST(settings, refuse_a_negative_or_endless_keep_alive_or_watchdog) {
  for (const auto wrong : {std::chrono::milliseconds(-1), std::chrono::milliseconds(48h)}) {
    EXPECT_THAT(refusal([&](settings& s) { s.blocking_keep_alive = wrong; }),
                HasSubstr("dwell: settings::blocking_keep_alive"));
    EXPECT_THAT(refusal([&](settings& s) { s.watchdog_after = wrong; }),
                HasSubstr("dwell: settings::watchdog_after"));
    EXPECT_THAT(refusal([&](settings& s) { s.compute_watchdog_after = wrong; }),
                HasSubstr("dwell: settings::compute_watchdog_after"));
  }
}

TEST(settings, accept_both_ends_of_every_range) {
  settings least;
  least.threads = 1;
  least.timer_slack = 0ns;
  least.spin = 0;
  least.lifo_cap = 0;
  least.fairness_interval = 1;
  least.steal_width = 1;
  least.timer_batch = 1;
  least.frame_cache = 64;
  least.shutdown_grace = 0ms;
  least.blocking_threads = 1;
  least.blocking_keep_alive = 0ms;
  least.compute_threads = 0;
  least.watchdog_after = 0ms;
  least.compute_watchdog_after = 0ms;
  EXPECT_EQ(refusal(least), "nothing was refused");
  settings most;
  most.threads = 1024;
  most.timer_slack = 1s;
  most.spin = 1'000'000;
  most.lifo_cap = 1'000;
  most.fairness_interval = 1'000'000;
  most.steal_width = 2'048;
  most.timer_batch = 126;
  most.frame_cache = 1'000'000;
  most.shutdown_grace = 24h;
  most.blocking_threads = 100'000;
  most.blocking_keep_alive = 24h;
  most.compute_threads = 1024;
  most.watchdog_after = 24h;
  most.compute_watchdog_after = 24h;
  EXPECT_EQ(refusal(most), "nothing was refused");
}

// ---- The environment ----

TEST(settings, of_the_environment_come_before_those_of_the_code) {
  settings s;
  s.threads = 3;
  s.spin = 4;
  const variable threads("DWELL_THREADS", "2");
  const settings r = resolve(s);
  EXPECT_EQ(r.threads, 2U);
  EXPECT_EQ(r.spin, 4U);
}

TEST(settings, can_all_come_from_the_environment) {
  const variable threads("DWELL_THREADS", "2");
  const variable slack("DWELL_TIMER_SLACK_US", "3");
  const variable spin("DWELL_SPIN", "4");
  const variable lifo("DWELL_LIFO_CAP", "5");
  const variable fairness("DWELL_FAIRNESS_INTERVAL", "6");
  const variable cache("DWELL_FRAME_CACHE", "70");
  const variable name("DWELL_THREAD_NAME", "env");
  const variable grace("DWELL_SHUTDOWN_GRACE_MS", "8");
  const variable blocking("DWELL_BLOCKING_THREADS", "9");
  const variable keep_alive("DWELL_BLOCKING_KEEP_ALIVE_MS", "10");
  const variable compute("DWELL_COMPUTE_THREADS", "11");
  const variable watchdog("DWELL_WATCHDOG_MS", "12");
  const variable compute_watchdog("DWELL_COMPUTE_WATCHDOG_MS", "13");
  const variable io("DWELL_IO", "io_uring");
  const settings r = resolve({});
  EXPECT_EQ(r.threads, 2U);
  EXPECT_EQ(r.timer_slack, 3us);
  EXPECT_EQ(r.spin, 4U);
  EXPECT_EQ(r.lifo_cap, 5U);
  EXPECT_EQ(r.fairness_interval, 6U);
  EXPECT_EQ(r.frame_cache, 70U);
  EXPECT_EQ(r.thread_name, "env");
  EXPECT_EQ(r.shutdown_grace, 8ms);
  EXPECT_EQ(r.blocking_threads, 9U);
  EXPECT_EQ(r.blocking_keep_alive, 10ms);
  EXPECT_EQ(r.io, dwell::io_mode::io_uring);
  EXPECT_EQ(r.compute_threads, 11U);
  EXPECT_EQ(r.watchdog_after, 12ms);
  EXPECT_EQ(r.compute_watchdog_after, 13ms);
}

TEST(settings, of_the_environment_mend_what_the_code_got_wrong) {
  settings s;
  s.threads = 5'000;
  const variable threads("DWELL_THREADS", "2");
  EXPECT_EQ(resolve(s).threads, 2U);
}

TEST(settings, refuse_what_does_not_parse_or_fit) {
  for (const char* const text : {"", " ", "two", "2x", "-1", "+2", "2.5", "0x2", " 2", "2 ", "1025",
                                 "99999999999999999999999"}) {
    const variable threads("DWELL_THREADS", text);
    EXPECT_EQ(refusal(settings()), "dwell: DWELL_THREADS=" + std::string(text) +
                                       ": expected a whole number from 0 to 1024");
  }
}

TEST(settings, refuse_a_variable_that_is_no_setting_and_list_those_that_are) {
  const variable misspelt("DWELL_THREAD", "2");
  const std::string text = refusal(settings());
  EXPECT_THAT(text, HasSubstr("dwell: DWELL_THREAD: no such setting; the variables are "));
  for (const char* const known :
       {"DWELL_THREADS", "DWELL_TIMER_SLACK_US", "DWELL_SPIN", "DWELL_LIFO_CAP",
        "DWELL_FAIRNESS_INTERVAL", "DWELL_FRAME_CACHE", "DWELL_THREAD_NAME",
        "DWELL_SHUTDOWN_GRACE_MS", "DWELL_BLOCKING_THREADS", "DWELL_BLOCKING_KEEP_ALIVE_MS",
        "DWELL_COMPUTE_THREADS", "DWELL_WATCHDOG_MS", "DWELL_COMPUTE_WATCHDOG_MS", "DWELL_IO"})
    EXPECT_THAT(text, HasSubstr(known));
}

TEST(settings, leave_the_tests_own_variables_alone) {
  const variable scale("DWELL_TEST_WHATEVER", "x");
  EXPECT_EQ(refusal(settings()), "nothing was refused");
}

TEST(settings, leave_other_peoples_variables_alone) {
  const variable similar("DWELLING", "x");
  EXPECT_EQ(refusal(settings()), "nothing was refused");
}

}  // namespace
