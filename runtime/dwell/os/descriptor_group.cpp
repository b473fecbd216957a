#include <cerrno>
#include <fcntl.h>
#include <sys/epoll.h>
#include <system_error>

#include <dwell/base/panic.hpp>
#include <dwell/os/descriptor_group.hpp>

namespace dwell::inline v0::os {

namespace {

[[noreturn]] void refuse(const char* what) {
  throw std::system_error(errno, std::generic_category(), what);
}

std::uint64_t token_of(int fd, std::uint32_t generation) noexcept {
  return std::uint64_t{generation} << 32 | static_cast<std::uint32_t>(fd);
}

member_event translated(const epoll_event& event) noexcept {
  const bool failed = (event.events & (EPOLLERR | EPOLLHUP)) != 0;
  return {.fd = static_cast<int>(static_cast<std::uint32_t>(event.data.u64)),
          .generation = static_cast<std::uint32_t>(event.data.u64 >> 32),
          .readable = failed || (event.events & EPOLLIN) != 0,
          .writable = failed || (event.events & EPOLLOUT) != 0,
          .failed = failed};
}

}  // namespace

descriptor_group::descriptor_group() : epoll_(epoll_create1(EPOLL_CLOEXEC)) {
  if (!epoll_) refuse("dwell: epoll_create1");
}

file_descriptor descriptor_group::duplicate() const {
  file_descriptor copy(fcntl(epoll_.get(), F_DUPFD_CLOEXEC, 0));
  if (!copy) refuse("dwell: duplicating an epoll set");
  return copy;
}

void descriptor_group::watch(int fd, bool read, bool write) {
  if (!read && !write) return forget(fd);
  const auto [member, is_new] = members_.try_emplace(fd, generations_ + 1);
  if (is_new) ++generations_;
  epoll_event interest{};
  interest.events = (read ? std::uint32_t{EPOLLIN} : 0U) | (write ? std::uint32_t{EPOLLOUT} : 0U);
  interest.data.u64 = token_of(fd, member->second);
  if (epoll_ctl(epoll_.get(), is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &interest) == 0) return;
  const int error = errno;
  forget(fd);
  errno = error;
  refuse("dwell: watching a descriptor");
}

void descriptor_group::forget(int fd) noexcept {
  if (members_.erase(fd) == 0) return;
  // What it says is of no use: a descriptor that the library has closed already is out of the set.
  (void)epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

std::span<const member_event> descriptor_group::take(
    std::span<member_event, most_events> into) noexcept {
  epoll_event events[most_events];
  const int got = epoll_wait(epoll_.get(), events, most_events, 0);
  DWELL_ASSERT(got >= 0 || errno == EINTR, "a look at our own epoll set fails only by a signal");
  std::size_t count = 0;
  for (int i = 0; i < got; ++i) into[count++] = translated(events[i]);
  return into.first(count);
}

bool descriptor_group::is_current(const member_event& event) const noexcept {
  const auto member = members_.find(event.fd);
  return member != members_.end() && member->second == event.generation;
}

}  // namespace dwell::inline v0::os
