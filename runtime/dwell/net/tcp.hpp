// TCP: connecting, listening, accepting.
#pragma once

#include <cstdint>

#include <dwell/net/listening_socket.hpp>
#include <dwell/net/stream_socket.hpp>

namespace dwell::inline v0::net {

/// A TCP connection; small writes go out at once (TCP_NODELAY; what speaks to an LLM or a tool
/// waits for each answer).
class DWELL_API tcp_stream final : public stream_socket {
 public:
  tcp_stream() noexcept = default;

  /// Connects to an IP endpoint. Throws net::error: refused, unreachable, timed out by the system
  /// after minutes (put it into timeout()). Cancelled: the attempt is dropped.
  [[nodiscard]] static task<tcp_stream> connect(endpoint to);

 private:
  friend class tcp_listener;
  explicit tcp_stream(descriptor socket);
};

/// Accepts connections to one endpoint. One task at a time accepts.
class DWELL_API tcp_listener {
 public:
  tcp_listener() noexcept = default;

  /// Listens from now on; port 0 is one that is free, see local(). Inside a runtime. Throws
  /// net::error: the port is taken, or forbidden.
  [[nodiscard]] static tcp_listener bind(const endpoint& to, listen_options options = {});

  /// The next connection. Cancelled: none was taken. While the process or the machine has no
  /// descriptor or memory left it tries again ten times a second, so that a server survives that;
  /// `starved()` counts those times. Throws net::error for what will not pass.
  [[nodiscard]] task<tcp_stream> accept();

  [[nodiscard]] endpoint local() const noexcept { return socket_.local(); }
  [[nodiscard]] std::uint64_t starved() const noexcept { return socket_.starved(); }
  void close() noexcept { socket_.close(); }

 private:
  explicit tcp_listener(listening_socket socket) noexcept : socket_(std::move(socket)) {}

  listening_socket socket_;
};

}  // namespace dwell::inline v0::net
