// The lines of HTTP/1.1, cut off bytes that come in pieces. Not installed.
//
// A line ends with CRLF and with nothing else. RFC 9112 lets a recipient take a bare LF for an end;
// two recipients that differ in that see two different requests, which is how requests are
// smuggled. So a bare LF, and a bare CR, end the connection.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace dwell::inline v0::http {

/// Each byte is looked at once, and copied only when a line comes in pieces.
class crlf_lines {
 public:
  /// Takes bytes off the front of `text`: the next line without its end, valid until the next call
  /// and while the bytes of `text` are; null when all are taken and more are needed.
  ///
  /// Throws status_error: 400 for a bare CR or LF, `too_long` for more than `limit` bytes,
  /// whichever comes first, wherever the bytes were split.
  [[nodiscard]] std::optional<std::string_view> next(std::string_view& text, std::size_t limit,
                                                     int too_long);

 private:
  [[nodiscard]] bool take_lf(std::string_view& text);

  std::string part_;
  bool part_is_used_up_ = false;
  bool cr_has_come_ = false;
};

}  // namespace dwell::inline v0::http
