// Our ends of the pipes to and from a child process, as streams of bytes.
#pragma once

#include <cstddef>
#include <utility>

#include <dwell/base/export.hpp>
#include <dwell/net/descriptor.hpp>
#include <dwell/net/stream.hpp>

namespace dwell::inline v0 {

/// What comes out of a pipe; a net::byte_source. One task at a time reads. Movable while no
/// operation runs; belongs to the runtime that it was made in.
class DWELL_API pipe_reader {
 public:
  /// None.
  pipe_reader() noexcept = default;
  /// For process: takes over the end of a pipe that does not block.
  explicit pipe_reader(net::descriptor end) noexcept : end_(std::move(end)) {}

  /// Waits for bytes and reads at least one; 0 when every writer has closed its end, or `to` is
  /// empty. Cancelled: nothing was read. Throws net::error.
  [[nodiscard]] task<std::size_t> read_some(net::bytes to);

  /// The child gets SIGPIPE or EPIPE when it goes on writing.
  void close() noexcept { end_.close(); }
  [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(end_); }

 private:
  net::descriptor end_;
};

/// What goes into a pipe; a net::byte_sink. One task at a time writes. Movable while no operation
/// runs; belongs to the runtime that it was made in.
class DWELL_API pipe_writer {
 public:
  /// None.
  pipe_writer() noexcept = default;
  /// For process: takes over the end of a pipe that does not block.
  explicit pipe_writer(net::descriptor end) noexcept : end_(std::move(end)) {}

  /// Waits for room and writes at least one byte, unless `from` is empty. The system keeps 64 KiB
  /// for the child to read. Cancelled: nothing was written. Throws net::error: EPIPE, and no
  /// signal, when the child has closed its end.
  [[nodiscard]] task<std::size_t> write_some(net::const_bytes from);
  /// The child reads the end once it has read what was written. Again: nothing.
  [[nodiscard]] task<> shutdown_write();

  void close() noexcept { end_.close(); }
  [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(end_); }

 private:
  net::descriptor end_;
};

static_assert(net::byte_source<pipe_reader>);
static_assert(net::byte_sink<pipe_writer>);

}  // namespace dwell::inline v0
