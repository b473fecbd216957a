// What is asked of the kernel for each registered descriptor, and how its answer is read. epoll and
// io_uring share the bits. For the files of this layer.
#pragma once

#include <cstdint>
#include <sys/epoll.h>

#include <dwell/os/poller.hpp>

namespace dwell::inline v0::os {

inline constexpr std::uint32_t every_edge = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET;

/// An error wakes both directions: each learns of it from its own call.
[[nodiscard]] inline ready_event translated(std::uint32_t events, std::uint64_t token) noexcept {
  const bool failed = (events & (EPOLLERR | EPOLLHUP)) != 0;
  const bool hung_up = failed || (events & EPOLLRDHUP) != 0;
  return {.token = token,
          .readable = hung_up || (events & EPOLLIN) != 0,
          .writable = failed || (events & EPOLLOUT) != 0,
          .hung_up = hung_up};
}

}  // namespace dwell::inline v0::os
