#include <algorithm>
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

// An error wakes both directions: each learns of it from its own call.
ready_event translated(const epoll_event& event) noexcept {
  const bool failed = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
  const bool hung_up = failed || (event.events & EPOLLRDHUP) != 0;
  return {.token = event.data.u64,
          .readable = hung_up || (event.events & EPOLLIN) != 0,
          .writable = failed || (event.events & EPOLLOUT) != 0,
          .hung_up = hung_up};
}

}  // namespace

poller::poller() : epoll_(checked(epoll_create1(EPOLL_CLOEXEC), "dwell: epoll_create1")) {
  event_ = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  epoll_event interest{.events = EPOLLIN | EPOLLET, .data = {.u64 = no_token}};
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

std::size_t poller::wait_until(std::int64_t deadline_ns, std::span<ready_event> into) noexcept {
  constexpr std::int64_t ns_per_s = 1'000'000'000;
  const std::int64_t now = deadline_ns == never_ns ? 0 : now_ns();
  const std::int64_t left = deadline_ns > now ? deadline_ns - now : 0;
  const timespec timeout{.tv_sec = left / ns_per_s, .tv_nsec = left % ns_per_s};
  epoll_event events[most_events];
  const int room = static_cast<int>(std::clamp<std::size_t>(into.size(), 1, most_events));
  // Edge-triggered: one kick gives one event and the counter need not be read back. The counter
  // saturates only after 2^64 kicks.
  const int got =
      epoll_pwait2(epoll_, events, room, deadline_ns == never_ns ? nullptr : &timeout, nullptr);
  DWELL_ASSERT(got >= 0 || errno == EINTR, "waiting on our own epoll set fails only by a signal");
  std::size_t count = 0;
  for (int i = 0; i < got; ++i) {
    if (events[i].data.u64 == no_token) continue;
    DWELL_ASSERT(count < into.size(), "whoever registers takes the events");
    into[count++] = translated(events[i]);
  }
  return count;
}

int poller::add(int fd, std::uint64_t token) noexcept {
  epoll_event interest{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.u64 = token}};
  return epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &interest) == 0 ? 0 : errno;
}

void poller::remove(int fd) noexcept {
  const int removed = epoll_ctl(epoll_, EPOLL_CTL_DEL, fd, nullptr);
  DWELL_ASSERT(removed == 0, "only what is registered and open is removed");
}

void poller::kick() noexcept {
  const std::uint64_t one = 1;
  const auto wrote = write(event_, &one, sizeof one);
  DWELL_ASSERT(wrote == sizeof one, "an eventfd takes a kick");
}

}  // namespace dwell::inline v0::os
