// How a server treats its clients.
#pragma once

#include <chrono>
#include <cstddef>

#include <dwell/http/limits.hpp>

namespace dwell::inline v0::http {

/// The times are measured on the monotonic clock, virtual in a simulation.
struct server_options {
  /// Connections that one run() serves at the same time, at least 1. More wait with the system.
  std::size_t most_connections = 1000;
  request_limits limits{};
  /// From the first byte of a request to the end of its head, 408; and from the beginning of a
  /// connection to its first byte.
  std::chrono::nanoseconds header_time = std::chrono::seconds(10);
  /// From an answer to the first byte of the next request; then the connection is closed.
  std::chrono::nanoseconds keep_alive_time = std::chrono::seconds(60);
  /// What a handler waits for the next bytes of a body, 408; a handler that wants all of it in some
  /// time says so itself. And what may be spent in all on a body that the handler has left.
  /// Shorter for a client that is slower than least_rate.
  std::chrono::nanoseconds body_time = std::chrono::seconds(30);
  /// What an answer waits for a client that does not read; then the connection is broken off.
  /// Shorter for a client that is slower than least_rate.
  std::chrono::nanoseconds write_time = std::chrono::seconds(30);
  /// Bytes a second that a client has to send of a body, and to take of answers, in the long run:
  /// what it is slower uses up body_time or write_time, until that is none. Or one byte now and
  /// then would hold a connection for ever. Only what we wait for it counts. 0: no such rate.
  std::size_t least_rate = 240;
  /// How long a connection that we close stays open for what the client still sends: else the
  /// system resets it, and the answer may be lost on its way.
  std::chrono::nanoseconds linger_time = std::chrono::seconds(1);
  /// What the handler has left of a body is read up to so many bytes to keep the connection.
  std::size_t most_drained = std::size_t{64} * 1024;
  /// Whether a client that ends its direction, and still reads, gets its answer. If not, which is
  /// the rule, that end is its leaving, and cancels the handler; if so, a client that leaves is
  /// noticed only by a reset, or by a write that fails.
  bool allow_half_close = false;
  /// Whether answers have a Date, as RFC 9110 wants them to; without, each is the same to the byte.
  bool tell_date = true;
};

}  // namespace dwell::inline v0::http
