// Servers that cannot choose a free port themselves.
#pragma once

#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>

#include <dwell/os/file_descriptor.hpp>
#include <dwell/os/socket.hpp>

#include "foreign/program.hpp"

namespace dwell_test {

/// A port of 127.0.0.1 that nobody had a moment ago.
inline std::uint16_t free_port() {
  namespace os = dwell::os;
  const os::io_result made = os::open_socket(os::endpoint::kind::ipv4, os::socket_kind::stream);
  const os::file_descriptor fd(static_cast<int>(made.value));
  if (!made.ok() || !os::bind_socket(fd.get(), os::endpoint::loopback(0)).ok())
    throw std::runtime_error("there is no free port");
  return os::local_endpoint(fd.get()).port();
}

struct server_on_port {
  std::unique_ptr<program> server;
  dwell::os::endpoint at;
};

/// Starts `words(port)`, and waits until it says `ready`. Somebody else may take the port in
/// between: then the server ends, and the next port is tried.
template <class Words>
server_on_port on_a_free_port(const Words& words, std::string_view ready) {
  for (int left = 5;; --left) {
    const std::uint16_t port = free_port();
    auto server = std::make_unique<program>(words(port));
    try {
      (void)server->after(ready);
      return {std::move(server), dwell::os::endpoint::loopback(port)};
    } catch (const std::runtime_error&) {
      if (left == 0) throw;
    }
  }
}

}  // namespace dwell_test
