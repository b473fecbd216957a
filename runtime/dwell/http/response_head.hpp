// How an answer begins on the wire. Not installed.
#pragma once

#include <string>
#include <string_view>

#include <dwell/http/response.hpp>

namespace dwell::inline v0::http {

/// Throws std::invalid_argument for an answer that cannot be sent: see response.
void check_response(const response& answer);

/// Appends the head of an answer that is good. `closes`: the connection ends
/// behind it.
void write_head(std::string& to, const response& answer, bool closes);

/// Whether a status never has a body.
[[nodiscard]] constexpr bool has_no_body(int status) noexcept {
  return status == 204 || status == 304;
}

}  // namespace dwell::inline v0::http
