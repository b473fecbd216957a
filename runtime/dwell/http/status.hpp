// Status codes, and the exception that carries one.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

#include <dwell/base/export.hpp>

namespace dwell::inline v0::http {

/// What RFC 9110 calls a status: "Not Found" for 404; "" for one that it does not know.
[[nodiscard]] DWELL_API std::string_view reason_phrase(int status) noexcept;

/// A request is answered with status() and what() as text. The server throws it for requests that
/// it refuses, and so may a handler: `throw http::status_error(404, "there is no such model")`.
class DWELL_API status_error : public std::runtime_error {
 public:
  /// A status that is no error, 400 to 599, stops the program.
  status_error(int status, const std::string& what);
  ~status_error() override;

  [[nodiscard]] int status() const noexcept { return status_; }

 private:
  int status_;
};

}  // namespace dwell::inline v0::http
