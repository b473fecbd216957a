#include <algorithm>

#include <dwell/net/attempts.hpp>
#include <dwell/net/stream_socket.hpp>

namespace dwell::inline v0::net {

namespace {

constexpr const char* reading = "read from a socket";
constexpr const char* writing = "write to a socket";

std::size_t total(std::span<const bytes> buffers) noexcept {
  std::size_t size = 0;
  for (const bytes& each : buffers.first(std::min(buffers.size(), os::most_buffers)))
    size += each.size();
  return size;
}

}  // namespace

task<std::size_t> stream_socket::read_some(bytes to) {
  return read_with(socket_, reading, to.size(),
                   [fd = socket_.usable(), to] { return os::receive(fd, to); });
}

task<std::size_t> stream_socket::read_some(std::span<const bytes> to) {
  return read_with(socket_, reading, total(to),
                   [fd = socket_.usable(), to] { return os::receive(fd, to); });
}

task<std::size_t> stream_socket::write_some(const_bytes from) {
  return write_with(socket_, writing, [fd = socket_.usable(), from] { return os::send(fd, from); });
}

task<std::size_t> stream_socket::write_some(std::span<const const_bytes> from) {
  return write_with(socket_, writing, [fd = socket_.usable(), from] { return os::send(fd, from); });
}

// A connection that is gone needs no end of ours.
task<> stream_socket::shutdown_write() {
  co_await checkpoint();
  const os::io_result done = os::shut_down_sending(socket_.usable());
  if (!done.ok() && done.error != ENOTCONN) throw error(done.error, "shut down a socket's writing");
}

}  // namespace dwell::inline v0::net
