#include <algorithm>
#include <cerrno>

#include <dwell/base/panic.hpp>
#include <dwell/os/descriptor_wait.hpp>
#include <dwell/os/timespec.hpp>

namespace dwell::inline v0::os {

namespace {

constexpr short failed = POLLERR | POLLHUP | POLLNVAL;

}  // namespace

descriptor_wait::descriptor_wait() : watched_(1) {
  watched_.front() = {.fd = kicks_.get(), .events = POLLIN, .revents = 0};
}

void descriptor_wait::watch(int fd, bool read, bool write) {
  const auto found = std::ranges::find(watched_.begin() + 1, watched_.end(), fd, &pollfd::fd);
  const int wanted = (read ? POLLIN : 0) | (write ? POLLOUT : 0);
  if (found != watched_.end()) {
    found->events = static_cast<short>(wanted);
    if (wanted == 0) watched_.erase(found);
  } else if (wanted != 0) {
    happened_.reserve(watched_.size() + 1);  // here, because the wait must not fail
    watched_.push_back({.fd = fd, .events = static_cast<short>(wanted), .revents = 0});
  }
}

std::span<const descriptor_events> descriptor_wait::wait_until(std::int64_t deadline_ns) noexcept {
  const bool for_ever = deadline_ns == never_ns;
  const timespec timeout = for_ever ? timespec{} : time_left(deadline_ns);
  happened_.clear();
  const int got = ppoll(watched_.data(), watched_.size(), for_ever ? nullptr : &timeout, nullptr);
  DWELL_ASSERT(got >= 0 || errno == EINTR || errno == ENOMEM,
               "a poll fails by a signal, or for want of memory");
  if (got <= 0) return {};
  if (watched_.front().revents != 0) kicks_.take();
  for (const pollfd& p : std::span(watched_).subspan(1)) {
    const bool broken = (p.revents & failed) != 0;
    const bool readable = (p.events & POLLIN) != 0 && (broken || (p.revents & POLLIN) != 0);
    const bool writable = (p.events & POLLOUT) != 0 && (broken || (p.revents & POLLOUT) != 0);
    if (readable || writable) happened_.push_back({p.fd, readable, writable});
  }
  return happened_;
}

}  // namespace dwell::inline v0::os
