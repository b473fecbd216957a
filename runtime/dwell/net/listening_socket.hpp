// What TCP and Unix listeners have in common.
#pragma once

#include <cstdint>

#include <dwell/base/export.hpp>
#include <dwell/net/descriptor.hpp>
#include <dwell/net/endpoint.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0::net {

/// How a listener is made.
struct listen_options {
  /// Connections that the system accepts ahead of accept().
  int backlog = 4096;
  /// TCP: several listeners may share the port, and the system spreads connections over them.
  bool reuse_port = false;
};

/// Accepts connections to one endpoint. One task at a time accepts.
class DWELL_API listening_socket {
 public:
  listening_socket() noexcept = default;

  /// Takes over a socket that is bound, and listens. Throws net::error.
  listening_socket(os::file_descriptor bound, const endpoint& to, const listen_options& options);

  /// The next connection; see tcp_listener::accept().
  [[nodiscard]] task<descriptor> accept();

  [[nodiscard]] endpoint local() const noexcept { return os::local_endpoint(socket_.get()); }
  [[nodiscard]] std::uint64_t starved() const noexcept { return starved_; }
  void close() noexcept { socket_.close(); }

 private:
  descriptor socket_;
  std::uint64_t starved_ = 0;
};

}  // namespace dwell::inline v0::net
