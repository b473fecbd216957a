// How an answer begins on the wire. Not installed.
#pragma once

#include <string>
#include <string_view>

#include <dwell/http/response.hpp>

namespace dwell::inline v0::http {

/// Throws std::invalid_argument for an answer that cannot be sent: see response.
void check_response(const response& answer);

/// What the connection says in the head of an answer.
struct head_terms {
  bool closes = false;     ///< the connection ends behind it
  bool may_chunk = true;   ///< else the connection's end is the end of a stream: HTTP/1.0
  bool tells_date = true;  ///< unless the answer has a Date
};

/// Appends the head of an answer that is good.
void write_head(std::string& to, const response& answer, const head_terms& terms);

/// Whether a status never has a body.
[[nodiscard]] constexpr bool has_no_body(int status) noexcept {
  return status == 204 || status == 304;
}

}  // namespace dwell::inline v0::http
