#include <algorithm>

#include <dwell/net/stream_socket.hpp>
#include <dwell/scope/sleep.hpp>

namespace dwell::inline v0::net {

namespace {

std::size_t total(std::span<const bytes> buffers) noexcept {
  std::size_t size = 0;
  for (const bytes& each : buffers.first(std::min(buffers.size(), os::most_buffers)))
    size += each.size();
  return size;
}

// One of read_some()'s: `receive` tries once.
template <class Receive>
task<std::size_t> read_with(descriptor& socket, std::size_t wanted, Receive receive) {
  co_await checkpoint();
  if (wanted == 0) co_return 0;
  for (;;) {
    if (socket.worth_reading()) {
      const os::io_result got = receive();
      if (got.ok()) {
        socket.note_read(got.count(), wanted);
        co_return got.count();
      }
      if (!got.would_block()) throw error(got.error, "read from a socket");
    }
    socket.note_nothing();
    co_await socket.readable();
  }
}

template <class Send>
task<std::size_t> write_with(descriptor& socket, Send send) {
  co_await checkpoint();
  for (;;) {
    const os::io_result sent = send();
    if (sent.ok()) co_return sent.count();
    if (!sent.would_block()) throw error(sent.error, "write to a socket");
    co_await socket.writable();
  }
}

}  // namespace

task<std::size_t> stream_socket::read_some(bytes to) {
  return read_with(socket_, to.size(), [fd = socket_.usable(), to] { return os::receive(fd, to); });
}

task<std::size_t> stream_socket::read_some(std::span<const bytes> to) {
  return read_with(socket_, total(to), [fd = socket_.usable(), to] { return os::receive(fd, to); });
}

task<std::size_t> stream_socket::write_some(const_bytes from) {
  return write_with(socket_, [fd = socket_.usable(), from] { return os::send(fd, from); });
}

task<std::size_t> stream_socket::write_some(std::span<const const_bytes> from) {
  return write_with(socket_, [fd = socket_.usable(), from] { return os::send(fd, from); });
}

// A connection that is gone needs no end of ours.
task<> stream_socket::shutdown_write() {
  co_await checkpoint();
  const os::io_result done = os::shut_down_sending(socket_.usable());
  if (!done.ok() && done.error != ENOTCONN) throw error(done.error, "shut down a socket's writing");
}

}  // namespace dwell::inline v0::net
