#include <algorithm>
#include <cstdio>
#include <memory>
#include <pthread.h>
#include <sched.h>
#include <sys/prctl.h>

#include <dwell/os/thread.hpp>

namespace dwell::inline v0::os {

namespace {

constexpr std::size_t name_limit = 15;

thread_local std::chrono::nanoseconds asked_slack{0};

// cgroup v2 only: v1 hosts fall back to the affinity mask.
unsigned quota_processors() noexcept {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(
      std::fopen("/sys/fs/cgroup/cpu.max", "r"),
      +[](std::FILE* f) { return f ? std::fclose(f) : 0; });
  double quota = 0;
  double period = 0;
  // An unlimited group says "max 100000", which does not scan as a number.
  if (!file || std::fscanf(file.get(), "%lf %lf", &quota, &period) != 2 || period <= 0) return ~0U;
  return std::max(1U, static_cast<unsigned>(quota / period + 0.999));
}

}  // namespace

thread::thread(std::string name, std::function<void()> body)
    : thread_([label = name.substr(0, name_limit), run = std::move(body)] {
        pthread_setname_np(pthread_self(), label.c_str());
        run();
      }) {}

void thread::join() { thread_.join(); }

unsigned usable_processors() noexcept {
  cpu_set_t mask;
  CPU_ZERO(&mask);
  const bool known = sched_getaffinity(0, sizeof mask, &mask) == 0;
  const unsigned allowed = known ? static_cast<unsigned>(CPU_COUNT(&mask)) : 1U;
  return std::max(1U, std::min(allowed, quota_processors()));
}

void set_timer_slack(std::chrono::nanoseconds slack) noexcept {
  const auto ns = static_cast<unsigned long>(std::max<std::int64_t>(1, slack.count()));
  prctl(PR_SET_TIMERSLACK, ns, 0, 0, 0);
  asked_slack = slack;
}

std::chrono::nanoseconds timer_slack() noexcept { return asked_slack; }

void yield_thread() noexcept { sched_yield(); }

}  // namespace dwell::inline v0::os
