// The framing of a chunked body, from bytes that come in pieces. Not installed.
//
//   7;name=value CRLF   │ 7 bytes │ CRLF  …  0 CRLF   trailer fields CRLF … CRLF
//   └──── feed() ─────┘  took()    └───────────── feed() ──────────────────────┘
//
// The data themselves do not pass through: whoever reads takes them from where they are, as many as
// left() says, and tells took(). As strict as request_parser, and for the same reason.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include <dwell/http/crlf_lines.hpp>
#include <dwell/http/limits.hpp>
#include <dwell/net/stream.hpp>

namespace dwell::inline v0::http {

/// Reads the framing of one body. Extensions of chunks and fields behind the last one are checked,
/// limited and dropped.
class chunked_decoder {
 public:
  explicit chunked_decoder(const request_limits& limits) noexcept : limits_(limits) {}

  /// Takes framing off the front of `input`: until left() is more than 0, is_done(), or all is
  /// taken. Throws status_error, wherever the bytes were split; the decoder is of no use then.
  void feed(net::const_bytes& input);

  /// Bytes of data that come next.
  [[nodiscard]] std::uint64_t left() const noexcept { return left_; }
  /// `count` of them, at most left(), were read.
  void took(std::uint64_t count) noexcept { left_ -= count; }

  [[nodiscard]] bool is_done() const noexcept { return state_ == state::done; }

 private:
  enum class state : std::uint8_t { size, end_of_data, trailers, done };

  void take_line(std::string_view line);
  void take_size(std::string_view line);
  void take_trailer(std::string_view line);
  void count_extra(std::size_t bytes);
  [[nodiscard]] std::size_t longest_line() const noexcept;

  request_limits limits_;
  state state_ = state::size;
  crlf_lines lines_;
  std::uint64_t left_ = 0;
  std::uint64_t body_ = 0;
  std::size_t extra_bytes_ = 0;
  std::size_t trailers_ = 0;
};

}  // namespace dwell::inline v0::http
