// The system's calls on pipes, in the manner of socket.hpp: tried once, errors as values, closed on
// exec.
#pragma once

#include <cstddef>
#include <span>

#include <dwell/base/export.hpp>
#include <dwell/os/file_descriptor.hpp>
#include <dwell/os/socket.hpp>

namespace dwell::inline v0::os {

/// Both ends of a pipe, numbered above the three of stdio: whoever gives one to a child as its
/// stdin overwrites none.
struct pipe_pair {
  file_descriptor reader;
  file_descriptor writer;
};
/// Both ends block; see make_nonblocking().
[[nodiscard]] DWELL_API io_result open_pipe(pipe_pair& into) noexcept;

/// One end of a pipe, and not the other.
[[nodiscard]] DWELL_API io_result make_nonblocking(int fd) noexcept;

[[nodiscard]] DWELL_API io_result read_from(int fd, std::span<std::byte> to) noexcept;
/// Never raises SIGPIPE: EPIPE instead. Three system calls: a pipe has no MSG_NOSIGNAL, so the
/// signal is blocked for this thread meanwhile, and taken away again if it came.
[[nodiscard]] DWELL_API io_result write_to(int fd, std::span<const std::byte> from) noexcept;

}  // namespace dwell::inline v0::os
