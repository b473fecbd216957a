// What TCP and Unix streams have in common: reading, writing, half-closing.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include <dwell/base/export.hpp>
#include <dwell/net/socket_base.hpp>
#include <dwell/net/stream.hpp>

namespace dwell::inline v0::net {

/// A connected socket; a byte_stream. One task may read while another writes; everything else is
/// for one task at a time. Movable while no operation runs. Closed by its destructor: bytes that
/// were written still go out, unless there are unread ones, for which the system resets the
/// connection.
///
/// Never raises SIGPIPE. Stops the program when it is used in another runtime than the one in which
/// it was made, or by two readers or two writers at once.
class DWELL_API stream_socket : public socket_base {
 public:
  /// Not connected to anything.
  stream_socket() noexcept = default;

  /// Waits for bytes and reads at least one; 0 is the end of the stream. Cancelled: nothing was
  /// read. Throws net::error.
  task<std::size_t> read_some(bytes to);
  /// The same into several buffers, one after the other, up to os::most_buffers of them.
  task<std::size_t> read_some(std::span<const bytes> to);
  /// Waits for room and writes at least one byte. Cancelled: nothing was written. Throws
  /// net::error; EPIPE and ECONNRESET when nobody reads any more.
  task<std::size_t> write_some(const_bytes from);
  /// The same from several buffers, up to os::most_buffers of them.
  task<std::size_t> write_some(std::span<const const_bytes> from);
  /// The other side reads the end of the stream once it has read what was written. Does not wait.
  task<> shutdown_write();

 protected:
  explicit stream_socket(descriptor socket) noexcept : socket_base(std::move(socket)) {}
};

static_assert(byte_stream<stream_socket>);

}  // namespace dwell::inline v0::net
