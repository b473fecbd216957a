#include <cerrno>
#include <cstdint>
#include <ctime>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

#include <dwell/base/panic.hpp>
#include <dwell/os/clock.hpp>
#include <dwell/os/poller.hpp>

namespace dwell::inline v0::os {

namespace {

int checked(int fd, const char* what) {
  if (fd < 0) throw std::system_error(errno, std::generic_category(), what);
  return fd;
}

}  // namespace

poller::poller() : epoll_(checked(epoll_create1(EPOLL_CLOEXEC), "dwell: epoll_create1")) {
  event_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  epoll_event interest{.events = EPOLLIN | EPOLLET, .data = {.fd = event_}};
  if (event_ < 0 || epoll_ctl(epoll_, EPOLL_CTL_ADD, event_, &interest) != 0) {
    const int error = errno;
    if (event_ >= 0) close(event_);
    close(epoll_);
    throw std::system_error(error, std::generic_category(), "dwell: eventfd");
  }
}

poller::~poller() {
  close(event_);
  close(epoll_);
}

void poller::wait_until(std::int64_t deadline_ns) noexcept {
  constexpr std::int64_t ns_per_s = 1'000'000'000;
  const std::int64_t now = now_ns();
  const std::int64_t left = deadline_ns > now ? deadline_ns - now : 0;
  const timespec timeout{.tv_sec = left / ns_per_s, .tv_nsec = left % ns_per_s};
  epoll_event event{};
  // Edge-triggered: one kick gives one event and the counter need not be read back. The counter
  // saturates only after 2^64 kicks.
  const int got =
      epoll_pwait2(epoll_, &event, 1, deadline_ns == never_ns ? nullptr : &timeout, nullptr);
  DWELL_ASSERT(got >= 0 || errno == EINTR, "waiting on our own epoll set fails only by a signal");
}

void poller::kick() noexcept {
  const std::uint64_t one = 1;
  const auto wrote = write(event_, &one, sizeof one);
  DWELL_ASSERT(wrote == sizeof one, "an eventfd takes a kick");
}

}  // namespace dwell::inline v0::os
