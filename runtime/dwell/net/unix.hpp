// Unix stream sockets: connecting, listening, accepting, within one machine.
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include <dwell/net/listening_socket.hpp>
#include <dwell/net/stream_socket.hpp>
#include <dwell/os/socket_file.hpp>

namespace dwell::inline v0::net {

/// A connection within the machine.
class DWELL_API unix_stream final : public stream_socket {
 public:
  unix_stream() noexcept = default;

  /// Connects to a path; one that begins with '@' is abstract. While the listener's line is full it
  /// waits. Throws net::error: nobody listens, there is no such path. Cancelled: the attempt is
  /// dropped. Throws std::length_error for a path of more than 107 bytes.
  [[nodiscard]] static task<unix_stream> connect(std::string_view path);

 private:
  friend class unix_listener;
  explicit unix_stream(descriptor socket) noexcept : stream_socket(std::move(socket)) {}
};

/// Accepts connections to one path. One task at a time accepts.
class DWELL_API unix_listener {
 public:
  unix_listener() noexcept = default;

  /// Listens from now on; a path that begins with '@' is abstract. The file of a listener that was
  /// killed is replaced, that of one that lives is not. Who may connect is what the process's umask
  /// and the directory allow. Inside a runtime. Throws net::error, and std::length_error for a path
  /// of more than 107 bytes. Blocks for two or three calls on the file system.
  [[nodiscard]] static unix_listener bind(std::string_view path, listen_options options = {});

  /// As tcp_listener::accept().
  [[nodiscard]] task<unix_stream> accept();

  [[nodiscard]] endpoint local() const noexcept { return socket_.local(); }
  [[nodiscard]] std::uint64_t starved() const noexcept { return socket_.starved(); }
  /// Removes the path too, first, so that nobody connects in vain. The destructor does the same.
  void close() noexcept;

 private:
  unix_listener(listening_socket socket, os::socket_file file) noexcept
      : socket_(std::move(socket)), file_(std::move(file)) {}

  listening_socket socket_;
  os::socket_file file_;  // goes first
};

}  // namespace dwell::inline v0::net
