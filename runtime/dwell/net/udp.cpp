#include <algorithm>
#include <string>
#include <utility>

#include <dwell/net/attempts.hpp>
#include <dwell/net/dial.hpp>
#include <dwell/net/udp.hpp>

namespace dwell::inline v0::net {

namespace {

// `enter` gives a socket its own name, or its peer's.
template <class Enter>
descriptor opened(const endpoint& at, const char* doing, Enter enter) {
  os::file_descriptor fd = open_socket_for(at, os::socket_kind::datagram);
  const os::io_result done = enter(fd.get());
  if (!done.ok()) throw error(done.error, std::string(doing).append(" ").append(at.to_string()));
  return {std::move(fd), "a UDP socket"};
}

}  // namespace

udp_socket udp_socket::bind(const endpoint& to, datagram_options options) {
  return udp_socket(opened(to, "receive at", [&](int fd) {
    if (options.reuse_port) {
      const os::io_result done = os::set_option(fd, socket_option::reuse_port, 1);
      if (!done.ok()) return done;
    }
    return os::bind_socket(fd, to);
  }));
}

udp_socket udp_socket::connect(const endpoint& to) {
  return udp_socket(opened(to, "connect to", [&](int fd) { return os::connect_to(fd, to); }));
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
  return write_with<void>(socket_, "send a datagram",
                          [fd = socket_.usable(), what, to] { return os::send_to(fd, what, to); });
}

task<> udp_socket::send(const_bytes what) {
  return write_with<void>(socket_, "send a datagram",
                          [fd = socket_.usable(), what] { return os::send(fd, what); });
}

}  // namespace dwell::inline v0::net
