#include <algorithm>
#include <cerrno>
#include <sys/timerfd.h>
#include <system_error>
#include <unistd.h>

#include <dwell/base/panic.hpp>
#include <dwell/os/alarm.hpp>
#include <dwell/os/fork_guard.hpp>
#include <dwell/os/timespec.hpp>

namespace dwell::inline v0::os {

alarm::alarm() : timer_(timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC)) {
  if (!timer_) throw std::system_error(errno, std::generic_category(), "dwell: timerfd_create");
}

void alarm::set(std::int64_t when_ns) noexcept {
  fork_guard::check("a runtime");  // the timer is the parent's too
  // All zero means "never" to the kernel, and a time before its clock began means nothing.
  const std::int64_t at = when_ns == never_ns ? 0 : std::max<std::int64_t>(1, when_ns);
  const itimerspec once{.it_interval = {}, .it_value = timespec_of(at)};
  const int set = timerfd_settime(timer_.get(), TFD_TIMER_ABSTIME, &once, nullptr);
  DWELL_ASSERT(set == 0, "a timerfd takes any time");
}

void alarm::wait() noexcept {
  std::uint64_t rung = 0;
  const auto got = read(timer_.get(), &rung, sizeof rung);
  DWELL_ASSERT(got == sizeof rung || errno == EINTR, "waiting on a timerfd fails only by a signal");
}

}  // namespace dwell::inline v0::os
