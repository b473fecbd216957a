#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <sys/epoll.h>
#include <system_error>

#include <dwell/base/panic.hpp>
#include <dwell/os/fork_guard.hpp>
#include <dwell/os/poller.hpp>
#include <dwell/os/timespec.hpp>

namespace dwell::inline v0::os {

namespace {

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

poller::poller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) throw std::system_error(errno, std::generic_category(), "dwell: epoll_create1");
  // Edge-triggered: one kick gives one event, and need not be taken.
  epoll_event interest{.events = EPOLLIN | EPOLLET, .data = {.u64 = no_token}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, kicks_.get(), &interest) != 0)
    throw std::system_error(errno, std::generic_category(), "dwell: epoll_ctl");
}

std::size_t poller::wait_until(std::int64_t deadline_ns, std::span<ready_event> into) noexcept {
  fork_guard::check("a runtime");
  const bool for_ever = deadline_ns == never_ns;
  const timespec timeout = for_ever ? timespec{} : time_left(deadline_ns);
  epoll_event events[most_events];
  const int room = static_cast<int>(std::clamp<std::size_t>(into.size(), 1, most_events));
  const int got = epoll_pwait2(epoll_.get(), events, room, for_ever ? nullptr : &timeout, nullptr);
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
  fork_guard::check("a socket");
  epoll_event interest{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET, .data = {.u64 = token}};
  return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &interest) == 0 ? 0 : errno;
}

void poller::remove(int fd) noexcept {
  fork_guard::check("a socket");
  const int removed = epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  DWELL_ASSERT(removed == 0, "only what is registered and open is removed");
}

}  // namespace dwell::inline v0::os
