// What streams and datagram sockets have in common: closing, names, options.
#pragma once

#include <utility>

#include <dwell/base/export.hpp>
#include <dwell/net/descriptor.hpp>
#include <dwell/net/endpoint.hpp>

namespace dwell::inline v0::net {

using os::socket_option;

/// An open socket, or none. Movable while no operation runs. Closed by its destructor.
class DWELL_API socket_base {
 public:
  /// None.
  socket_base() noexcept = default;

  void close() noexcept { socket_.close(); }
  [[nodiscard]] bool is_open() const noexcept { return static_cast<bool>(socket_); }

  [[nodiscard]] endpoint local() const noexcept { return os::local_endpoint(socket_.get()); }
  /// Of no family when there is no connection, or no more.
  [[nodiscard]] endpoint peer() const noexcept { return os::peer_endpoint(socket_.get()); }

  /// Throws net::error.
  void set(socket_option option, int value);
  [[nodiscard]] int get(socket_option option) const;

  /// For system calls that are not here; the socket keeps it.
  [[nodiscard]] int native_handle() const noexcept { return socket_.get(); }

 protected:
  explicit socket_base(descriptor socket) noexcept : socket_(std::move(socket)) {}

  descriptor socket_;
};

}  // namespace dwell::inline v0::net
