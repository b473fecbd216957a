#include <algorithm>
#include <cerrno>
#include <ctime>
#include <sys/eventfd.h>
#include <system_error>
#include <unistd.h>

#include <dwell/base/panic.hpp>
#include <dwell/os/clock.hpp>
#include <dwell/os/descriptor_wait.hpp>

namespace dwell::inline v0::os {

namespace {

constexpr short failed = POLLERR | POLLHUP | POLLNVAL;

}  // namespace

descriptor_wait::descriptor_wait() : watched_(1), kicks_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (kicks_ < 0) throw std::system_error(errno, std::generic_category(), "dwell: eventfd");
  watched_.front() = {.fd = kicks_, .events = POLLIN, .revents = 0};
}

descriptor_wait::~descriptor_wait() { close(kicks_); }

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
  constexpr std::int64_t ns_per_s = 1'000'000'000;
  const std::int64_t now = now_ns();
  const std::int64_t left = deadline_ns > now ? deadline_ns - now : 0;
  const timespec timeout{.tv_sec = left / ns_per_s, .tv_nsec = left % ns_per_s};
  happened_.clear();
  const int got = ppoll(watched_.data(), watched_.size(),
                        deadline_ns == never_ns ? nullptr : &timeout, nullptr);
  DWELL_ASSERT(got >= 0 || errno == EINTR || errno == ENOMEM,
               "a poll fails by a signal, or for want of memory");
  if (got <= 0) return {};
  if (watched_.front().revents != 0) take_kicks();
  for (const pollfd& p : std::span(watched_).subspan(1)) {
    const bool broken = (p.revents & failed) != 0;
    const bool readable = (p.events & POLLIN) != 0 && (broken || (p.revents & POLLIN) != 0);
    const bool writable = (p.events & POLLOUT) != 0 && (broken || (p.revents & POLLOUT) != 0);
    if (readable || writable) happened_.push_back({p.fd, readable, writable});
  }
  return happened_;
}

void descriptor_wait::take_kicks() noexcept {
  std::uint64_t kicks = 0;
  const auto got = read(kicks_, &kicks, sizeof kicks);
  DWELL_ASSERT(got == sizeof kicks, "an eventfd that is readable holds a kick");
}

void descriptor_wait::kick() noexcept {
  const std::uint64_t one = 1;
  const auto wrote = write(kicks_, &one, sizeof one);
  DWELL_ASSERT(wrote == sizeof one, "an eventfd takes a kick");
}

}  // namespace dwell::inline v0::os
