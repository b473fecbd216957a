#include <cerrno>
#include <fcntl.h>
#include <sys/epoll.h>
#include <system_error>
#include <utility>

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
  const std::uint32_t interest =
      (read ? std::uint32_t{EPOLLIN} : 0U) | (write ? std::uint32_t{EPOLLOUT} : 0U);
  const auto [found, is_new] = members_.try_emplace(fd, member{generations_ + 1, 0, true});
  if (is_new) ++generations_;
  member& m = found->second;
  if (std::exchange(m.rests, false)) ++watched_;
  if (m.interest == interest) return;
  m.interest = interest;
  epoll_event asked{.events = interest, .data = {.u64 = token_of(fd, m.generation)}};
  if (epoll_ctl(epoll_.get(), is_new ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, fd, &asked) == 0) return;
  const int error = errno;
  forget(fd);
  errno = error;
  refuse("dwell: watching a descriptor");
}

void descriptor_group::rest(int fd) noexcept {
  const auto found = members_.find(fd);
  if (found != members_.end() && !std::exchange(found->second.rests, true)) --watched_;
}

void descriptor_group::forget(int fd) noexcept {
  const auto found = members_.find(fd);
  if (found == members_.end()) return;
  if (!found->second.rests) --watched_;
  members_.erase(found);
  // What it says is of no use: a descriptor that the library has closed already is out of the set.
  (void)epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, fd, nullptr);
}

std::span<const member_event> descriptor_group::take(
    std::span<member_event, most_events> into) noexcept {
  epoll_event events[most_events];
  std::size_t count = 0;
  int got = 0;
  do {
    got = epoll_wait(epoll_.get(), events, most_events, 0);
    DWELL_ASSERT(got >= 0 || errno == EINTR, "a look at our own epoll set fails only by a signal");
    for (int i = 0; i < got; ++i) {
      const member_event event = translated(events[i]);
      const member* const m = member_of(event);
      if (m != nullptr && m->rests)
        forget(event.fd);
      else
        into[count++] = event;
    }
  } while (got > 0 && count == 0);  // nothing means that there is nothing left
  return into.first(count);
}

const descriptor_group::member* descriptor_group::member_of(
    const member_event& event) const noexcept {
  const auto found = members_.find(event.fd);
  const bool is_its = found != members_.end() && found->second.generation == event.generation;
  return is_its ? &found->second : nullptr;
}

bool descriptor_group::is_current(const member_event& event) const noexcept {
  return member_of(event) != nullptr;
}

}  // namespace dwell::inline v0::os
