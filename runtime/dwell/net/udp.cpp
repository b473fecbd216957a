#include <algorithm>
#include <utility>

#include <dwell/net/dial.hpp>
#include <dwell/net/error.hpp>
#include <dwell/net/udp.hpp>
#include <dwell/scope/sleep.hpp>

namespace dwell::inline v0::net {

namespace {

// `enter` gives the socket its name, or its peer's.
template <class Enter>
descriptor opened(const endpoint& at, const char* doing, Enter enter) {
  os::file_descriptor fd = open_socket_for(at, os::socket_kind::datagram);
  const os::io_result done = enter(fd.get());
  if (!done.ok()) throw error(done.error, std::string(doing).append(" ").append(at.to_string()));
  return {std::move(fd), doing};
}

// `send` tries once. A datagram goes whole or not at all.
template <class Send>
task<> send_with(descriptor& socket, Send send) {
  co_await checkpoint();
  for (;;) {
    const os::io_result sent = send();
    if (sent.ok()) co_return;
    if (!sent.would_block()) throw error(sent.error, "send a datagram");
    co_await socket.writable();
  }
}

}  // namespace

udp_socket udp_socket::bind(const endpoint& to) {
  return udp_socket(opened(to, "receive at", [&to](int fd) { return os::bind_socket(fd, to); }));
}

udp_socket udp_socket::connect(const endpoint& to) {
  return udp_socket(opened(to, "connect to", [&to](int fd) { return os::connect_to(fd, to); }));
}

// Each datagram needs a call of its own: a short one does not say that there is no other.
task<datagram> udp_socket::receive(bytes to) {
  co_await checkpoint();
  for (;;) {
    datagram got;
    const os::io_result received = os::receive_from(socket_.usable(), to, got.from);
    if (received.ok()) {
      got.size = received.count();
      got.count = std::min(got.size, to.size());
      co_return got;
    }
    if (!received.would_block()) throw error(received.error, "receive a datagram");
    co_await socket_.readable();
  }
}

task<> udp_socket::send_to(const_bytes what, endpoint to) {
  return send_with(socket_,
                   [fd = socket_.usable(), what, to] { return os::send_to(fd, what, to); });
}

task<> udp_socket::send(const_bytes what) {
  return send_with(socket_, [fd = socket_.usable(), what] { return os::send(fd, what); });
}

}  // namespace dwell::inline v0::net
