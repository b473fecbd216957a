// The head of a request: its line and its fields, from bytes that come in pieces. Not installed.
//
// Strict, because a request is refused or means one thing. What stands before us (a proxy) and what
// stands behind may read a doubtful request otherwise than we do, and then see other requests on
// the connection than we. So nothing is repaired: no bare LF, no folded line, no space before a
// colon, no second length, no length beside a coding, no coding but chunked, one Host. An absolute
// target has to name that Host: RFC 9112 would have us ignore Host then, but a proxy may have gone
// by it. And one of https has to come by TLS, which is the connection's to know (421). The
// connection ends: behind such a request nobody knows where the next one begins.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <dwell/http/crlf_lines.hpp>
#include <dwell/http/fields.hpp>
#include <dwell/http/limits.hpp>
#include <dwell/net/stream.hpp>

namespace dwell::inline v0::http {

/// How the end of a request's body is known.
enum class framing : std::uint8_t { length, chunked };

/// What stands before a request's body.
struct request_head {
  std::string method;
  std::string target;  ///< "/…", or "*"; the host of an absolute target is in Host
  int minor_version = 1;
  fields headers;
  framing body = framing::length;
  std::uint64_t length = 0;  ///< of the body, unless it is chunked
  bool expects_continue = false;
  bool keep_alive = true;
  bool wants_https = false;  ///< the target is an absolute one of that scheme
};

/// Reads one head.
class request_parser {
 public:
  explicit request_parser(const request_limits& limits) noexcept : limits_(limits) {}

  /// Takes bytes off the front of `input`; true when the head is complete, and then no more are
  /// taken. Throws status_error for what is refused, at the first byte that makes it so or at the
  /// end of its line, wherever the bytes were split; the parser is of no use then.
  [[nodiscard]] bool feed(net::const_bytes& input);

  /// The head that is complete.
  [[nodiscard]] request_head& head() noexcept { return head_; }

 private:
  enum class state : std::uint8_t { before, line, fields, done };

  void take_line(std::string_view line);
  void take_request_line(std::string_view line);
  void take_target(std::string_view target);
  void take_field(std::string_view line);
  void finish();
  void take_host();
  void take_framing();
  void take_expectation();

  request_limits limits_;
  state state_ = state::before;
  crlf_lines lines_;
  std::size_t header_bytes_ = 0;
  std::string authority_;  // of an absolute target
  request_head head_;
};

/// A line of fields in its parts. Throws status_error 400.
[[nodiscard]] std::pair<std::string_view, std::string_view> split_field(std::string_view line);

}  // namespace dwell::inline v0::http
