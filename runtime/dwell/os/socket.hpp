// The system's calls on sockets, each tried once and none of them waiting: every socket made here
// is non-blocking and closed on exec. A call that a signal interrupted is made again.
//
// Errors are values, because most of them are no failure to the layer above: it waits on some and
// goes on after others.
#pragma once

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>

#include <dwell/base/export.hpp>
#include <dwell/os/endpoint.hpp>

namespace dwell::inline v0::os {

/// What a call gave: a count (or a descriptor), or an errno.
struct io_result {
  std::int64_t value = 0;
  int error = 0;

  [[nodiscard]] bool ok() const noexcept { return error == 0; }
  [[nodiscard]] bool would_block() const noexcept {
    return error == EAGAIN || error == EWOULDBLOCK;
  }
  [[nodiscard]] std::size_t count() const noexcept { return static_cast<std::size_t>(value); }
};

enum class socket_kind : std::uint8_t { stream, datagram };

/// A socket that speaks to such endpoints.
[[nodiscard]] DWELL_API io_result open_socket(endpoint::kind family, socket_kind kind) noexcept;

[[nodiscard]] DWELL_API io_result bind_socket(int fd, const endpoint& to) noexcept;
[[nodiscard]] DWELL_API io_result listen_on(int fd, int backlog) noexcept;
/// The descriptor of a connection, and who is at its other end.
[[nodiscard]] DWELL_API io_result accept_from(int fd, endpoint& peer) noexcept;
/// EINPROGRESS: wait until it is writable, then ask connect_result().
[[nodiscard]] DWELL_API io_result connect_to(int fd, const endpoint& to) noexcept;
/// How a connect ended; EINPROGRESS while it has not.
[[nodiscard]] DWELL_API io_result connect_result(int fd) noexcept;

[[nodiscard]] DWELL_API io_result receive(int fd, std::span<std::byte> to) noexcept;
/// Never raises SIGPIPE: EPIPE instead.
[[nodiscard]] DWELL_API io_result send(int fd, std::span<const std::byte> from) noexcept;

/// The most buffers that one vectored call takes; further ones are left for the next.
inline constexpr std::size_t most_buffers = 64;
[[nodiscard]] DWELL_API io_result receive(int fd,
                                          std::span<const std::span<std::byte>> to) noexcept;
[[nodiscard]] DWELL_API io_result send(int fd,
                                       std::span<const std::span<const std::byte>> from) noexcept;

/// One datagram. What does not fit into `to` is lost, and `value` is the datagram's size all the
/// same.
[[nodiscard]] DWELL_API io_result receive_from(int fd, std::span<std::byte> to,
                                               endpoint& peer) noexcept;
[[nodiscard]] DWELL_API io_result send_to(int fd, std::span<const std::byte> from,
                                          const endpoint& peer) noexcept;

/// The other side reads the end once it has read what was sent.
[[nodiscard]] DWELL_API io_result shut_down_sending(int fd) noexcept;

[[nodiscard]] DWELL_API endpoint local_endpoint(int fd) noexcept;
[[nodiscard]] DWELL_API endpoint peer_endpoint(int fd) noexcept;

enum class socket_option : std::uint8_t {
  no_delay,        ///< Small writes go out at once (TCP).
  keep_alive,      ///< An idle connection is probed.
  reuse_address,   ///< A port in TIME_WAIT may be bound.
  reuse_port,      ///< Several listeners share a port.
  only_ipv6,       ///< An IPv6 listener does not take IPv4.
  broadcast,       ///< Datagrams may go to a broadcast address.
  receive_buffer,  ///< In bytes; the system doubles it.
  send_buffer,     ///< In bytes; the system doubles it.
  linger,          ///< Seconds; 0 resets the connection at close; negative is the default.
};
[[nodiscard]] DWELL_API io_result set_option(int fd, socket_option option, int value) noexcept;
[[nodiscard]] DWELL_API io_result get_option(int fd, socket_option option) noexcept;

}  // namespace dwell::inline v0::os
