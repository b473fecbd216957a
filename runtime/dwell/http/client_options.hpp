// What a client may take, and what it may wait for.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>

#include <dwell/net/resolver.hpp>

namespace dwell::inline v0::http {

/// How long each part of a request may take, measured on the monotonic clock, virtual in a
/// simulation. What takes longer is called off: request_error, timed_out (of the pool:
/// pool_exhausted).
struct request_times {
  /// For a place in the pool.
  std::chrono::nanoseconds pool = std::chrono::seconds(30);
  /// The name, the connection, the handshake of TLS.
  std::chrono::nanoseconds connect = std::chrono::seconds(10);
  /// From the request's last byte to the end of the answer's head.
  std::chrono::nanoseconds first_byte = std::chrono::minutes(5);
  /// Between two pieces of a body: that the server sends, or takes.
  std::chrono::nanoseconds idle = std::chrono::minutes(1);
  /// The whole, with redirects, to the last byte of the answer.
  std::chrono::nanoseconds total = std::chrono::nanoseconds::max();
};

/// More is request_error, too_large.
struct answer_limits {
  /// Fields of a head.
  std::size_t header_count = 200;
  /// Bytes of all heads of an answer, those of interim answers and trailers included.
  std::size_t header_bytes = std::size_t{64} * 1024;
  /// Bytes of a body, as it is read: decompressed.
  std::uint64_t body = UINT64_MAX;
};

/// A client's settings.
struct client_options {
  request_times times{};
  answer_limits limits{};

  /// Requests to one origin (scheme, host and port) at a time, and so its connections: further ones
  /// wait for a place. HTTP/2 sends them over fewer connections.
  std::size_t per_origin = 64;
  /// Requests to all origins together.
  std::size_t requests = 1024;
  /// Connections without a request that are kept, in each shard.
  std::size_t idle_connections = 64;
  /// How long one is kept.
  std::chrono::seconds idle_time = std::chrono::seconds(60);
  /// The machines that carry transfers, side by side; each origin belongs to one of them.
  std::size_t shards = 2;

  /// Followed in one request; 0 follows none, and gives the redirect as the answer.
  unsigned redirects = 10;
  /// What is sent unless a request says otherwise; "" for none.
  std::string user_agent = "dwell";
  /// Whether compressed answers are asked for, and decompressed.
  bool decompress = true;
  /// Whether HTTP/2 is spoken with servers that offer it in TLS. Without TLS it never is: libcurl
  /// 7.88 cannot keep such a connection (curl#10634).
  bool http2 = true;

  /// How names are resolved; a proxy resolves those of its hosts itself.
  net::resolver_options resolver{};
  /// "http://proxy:3128", also "socks5h://…"; "" for none. The environment is not looked at.
  std::string proxy{};
  /// The authorities to believe, a file of PEM; "" for the system's.
  std::string ca_file{};
  /// Whoever answers is believed to be who he says. For tests.
  bool insecure_skip_verification = false;
};

}  // namespace dwell::inline v0::http
