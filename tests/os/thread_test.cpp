// Threads, processors, entropy.
#include <cerrno>
#include <chrono>
#include <gtest/gtest.h>
#include <pthread.h>
#include <sched.h>
#include <set>
#include <string>
#include <sys/prctl.h>
#include <thread>

#include <dwell/os/entropy.hpp>
#include <dwell/os/thread.hpp>

namespace {

std::string own_name() {
  char name[16] = {};
  pthread_getname_np(pthread_self(), name, sizeof name);
  return name;
}

std::string name_seen_by_a_thread_called(const std::string& name) {
  std::string seen;
  dwell::os::thread t(name, [&] { seen = own_name(); });
  t.join();
  return seen;
}

TEST(thread, bears_its_name) {
  EXPECT_EQ(name_seen_by_a_thread_called("reactor-7"), "reactor-7");
  EXPECT_EQ(name_seen_by_a_thread_called("exactly15chars_"), "exactly15chars_");
}

TEST(thread, cuts_a_name_that_the_kernel_would_refuse) {
  EXPECT_EQ(name_seen_by_a_thread_called("a name that is far too long"), "a name that is ");
}

TEST(thread, does_not_rename_the_thread_that_starts_it) {
  const std::string before = own_name();
  (void)name_seen_by_a_thread_called("other");
  EXPECT_EQ(own_name(), before);
}

TEST(thread, can_be_moved_before_it_is_joined) {
  bool ran = false;
  dwell::os::thread first("moved", [&] { ran = true; });
  dwell::os::thread second;
  second = std::move(first);
  second.join();
  EXPECT_TRUE(ran);
}

int slack_set_to(std::chrono::nanoseconds slack) {
  int seen = -1;
  dwell::os::thread t("slack", [&] {
    dwell::os::set_timer_slack(slack);
    seen = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
  });
  t.join();
  return seen;
}

TEST(timer_slack, is_what_was_asked_for_on_this_thread_only) {
  const int before = prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0);
  EXPECT_EQ(slack_set_to(std::chrono::microseconds(123)), 123'000);
  EXPECT_EQ(slack_set_to(std::chrono::seconds(1)), 1'000'000'000);
  EXPECT_EQ(prctl(PR_GET_TIMERSLACK, 0, 0, 0, 0), before);
}

// Zero would mean "the default" to the kernel.
TEST(timer_slack, of_zero_or_less_is_the_least_there_is) {
  EXPECT_EQ(slack_set_to(std::chrono::nanoseconds(0)), 1);
  EXPECT_EQ(slack_set_to(std::chrono::nanoseconds(-5)), 1);
}

TEST(usable_processors, is_at_least_one_and_at_most_what_the_machine_has) {
  EXPECT_GE(dwell::os::usable_processors(), 1u);
  EXPECT_LE(dwell::os::usable_processors(), std::thread::hardware_concurrency());
}

TEST(usable_processors, obeys_the_affinity_mask) {
  cpu_set_t before;
  ASSERT_EQ(sched_getaffinity(0, sizeof before, &before), 0);
  int first = 0;
  while (!CPU_ISSET(static_cast<std::size_t>(first), &before)) ++first;
  unsigned seen = 0;
  dwell::os::thread t("pinned", [&] {
    cpu_set_t one;
    CPU_ZERO(&one);
    CPU_SET(static_cast<std::size_t>(first), &one);
    sched_setaffinity(0, sizeof one, &one);
    seen = dwell::os::usable_processors();
  });
  t.join();
  EXPECT_EQ(seen, 1u);
}

TEST(entropy, differs_each_time) {
  std::set<std::uint64_t> seen;
  for (int i = 0; i < 1000; ++i) seen.insert(dwell::os::entropy());
  EXPECT_EQ(seen.size(), 1000u);
}

TEST(entropy, uses_every_bit) {
  std::uint64_t ones = 0;
  std::uint64_t zeros = 0;
  for (int i = 0; i < 200; ++i) {
    const std::uint64_t bits = dwell::os::entropy();
    ones |= bits;
    zeros |= ~bits;
  }
  EXPECT_EQ(ones, ~std::uint64_t{0});
  EXPECT_EQ(zeros, ~std::uint64_t{0});
}

}  // namespace
