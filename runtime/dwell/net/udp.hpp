// UDP: datagrams, each of which arrives whole, twice, late or not at all.
#pragma once

#include <cstddef>

#include <dwell/net/socket_base.hpp>
#include <dwell/net/stream.hpp>

namespace dwell::inline v0::net {

/// What udp_socket::receive() got.
struct datagram {
  /// Bytes that are in the buffer now.
  std::size_t count = 0;
  /// Bytes that were sent.
  std::size_t size = 0;
  endpoint from = {};

  /// Whether the buffer was too small; the rest is lost.
  [[nodiscard]] bool truncated() const noexcept { return count < size; }
};

/// How a socket for datagrams is bound.
struct datagram_options {
  /// Several sockets may share the port, and the system spreads peers over them.
  bool reuse_port = false;
};

/// Sends and receives datagrams. One task may receive while another sends; everything else is for
/// one task at a time. A datagram for which the receiver's system has no room is dropped by it
/// without a word.
///
/// Stops the program when it is used in another runtime than the one in which it was made, or by
/// two receivers or two senders at once.
class DWELL_API udp_socket final : public socket_base {
 public:
  /// Neither bound nor connected.
  udp_socket() noexcept = default;

  /// Receives what is sent to this IP endpoint from now on; port 0 is one that is free, see
  /// local(). Inside a runtime. Throws net::error: the port is taken, or forbidden.
  [[nodiscard]] static udp_socket bind(const endpoint& to, datagram_options options = {});
  /// Speaks with one other endpoint, and hears nobody else. Sends nothing, so that nobody need be
  /// there. Inside a runtime. Throws net::error: there is no way to that network.
  [[nodiscard]] static udp_socket connect(const endpoint& to);

  /// Waits for a datagram, which may be empty, and says whose it is. Cancelled: none was taken.
  /// Throws net::error: ECONNREFUSED, once, when the peer that it is connected to was not there for
  /// what was sent before; then it goes on.
  [[nodiscard]] task<datagram> receive(bytes to);

  /// Waits until the system takes the datagram, which may be empty: whole. Cancelled: it was not
  /// sent. Throws net::error: EMSGSIZE when it is too long, which beyond 65,507 bytes it is
  /// everywhere.
  task<> send_to(const_bytes what, endpoint to);
  /// The same to the peer that it is connected to. Throws also EDESTADDRREQ when there is none, and
  /// ECONNREFUSED as receive() does, without sending.
  task<> send(const_bytes what);

 private:
  explicit udp_socket(descriptor socket) noexcept : socket_base(std::move(socket)) {}
};

}  // namespace dwell::inline v0::net
