// What a handler gets.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <dwell/base/export.hpp>
#include <dwell/http/fields.hpp>
#include <dwell/net/stream.hpp>

namespace dwell::inline v0::http {

class body_reader;

/// The body of a request: a byte_source, read from the connection as the handler asks, so that a
/// client can send no faster than the handler reads. A client that waits for "100 Continue" gets it
/// with the first read. One task at a time reads.
class DWELL_API request_body {
 public:
  /// For the server.
  explicit request_body(body_reader& from) noexcept : from_(&from) {}

  /// As of every byte_source; 0 at the end of the body. Besides what the connection throws,
  /// status_error: 400 for a body whose framing is wrong, 413 for one that is too large, 408 for
  /// one that does not come. What a read has thrown, each later one throws again.
  [[nodiscard]] task<std::size_t> read_some(net::bytes to);

  /// All that is left, at most `limit` bytes: 413 for more. The same exceptions.
  [[nodiscard]] task<std::string> read_all(std::size_t limit = SIZE_MAX);

 private:
  body_reader* from_;
};

static_assert(net::byte_source<request_body>);

/// A request. It lives until its answer has been sent.
class DWELL_API request {
 public:
  std::string method;
  /// As it came, but for the host of an absolute one: a path with its query, or "*".
  std::string target;
  /// Of HTTP/1.x: 0 or 1.
  int minor_version = 1;
  fields headers{};
  request_body body;

  /// The target up to the '?', nothing decoded.
  [[nodiscard]] std::string_view path() const noexcept;
  /// Behind the '?'; "" when there is none.
  [[nodiscard]] std::string_view query() const noexcept;
};

}  // namespace dwell::inline v0::http
