// epoll_pwait2 rather than epoll_wait, whose timeout is whole milliseconds.
#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <sys/epoll.h>
#include <system_error>

#include <dwell/base/panic.hpp>
#include <dwell/os/file_descriptor.hpp>
#include <dwell/os/fork_guard.hpp>
#include <dwell/os/kick_event.hpp>
#include <dwell/os/poll_events.hpp>
#include <dwell/os/poller.hpp>
#include <dwell/os/timespec.hpp>

namespace dwell::inline v0::os {

namespace {

class epoll_poller final : public poller {
 public:
  epoll_poller();

  std::size_t wait_until(std::int64_t deadline_ns, std::span<ready_event> into) noexcept override;
  void kick() noexcept override { kicks_.kick(); }
  [[nodiscard]] int add(int fd, std::uint64_t token) noexcept override;
  void remove(int fd) noexcept override;

 private:
  file_descriptor epoll_;
  kick_event kicks_;
};

epoll_poller::epoll_poller() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) throw std::system_error(errno, std::generic_category(), "dwell: epoll_create1");
  // Edge-triggered: one kick gives one event, and need not be taken.
  epoll_event interest{.events = EPOLLIN | EPOLLET, .data = {.u64 = no_token}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, kicks_.get(), &interest) != 0)
    throw std::system_error(errno, std::generic_category(), "dwell: epoll_ctl");
}

std::size_t epoll_poller::wait_until(std::int64_t deadline_ns,
                                     std::span<ready_event> into) noexcept {
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
    into[count++] = translated(events[i].events, events[i].data.u64);
  }
  return count;
}

int epoll_poller::add(int fd, std::uint64_t token) noexcept {
  fork_guard::check("a socket");
  epoll_event interest{.events = every_edge, .data = {.u64 = token}};
  return epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &interest) == 0 ? 0 : errno;
}

void epoll_poller::remove(int fd) noexcept {
  fork_guard::check("a socket");
  const int removed = epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
  DWELL_ASSERT(removed == 0, "only what is registered and open is removed");
}

}  // namespace

std::unique_ptr<poller> make_epoll_poller() { return std::make_unique<epoll_poller>(); }

}  // namespace dwell::inline v0::os
