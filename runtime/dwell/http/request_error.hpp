// How a request fails, and what may be said of it then.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

#include <dwell/base/export.hpp>

namespace dwell::inline v0::http {

/// How far a request had come. What may be retried depends on it.
enum class delivery : std::uint8_t {
  /// The server has seen nothing of it: any request may be sent again.
  nothing_sent,
  /// A part of it, or all, may have reached the server, which has answered nothing: it may have
  /// been carried out. Only what may be carried out twice may be sent again.
  no_answer,
  /// An answer has begun, and did not come to its end.
  partial_answer,
};

enum class request_failure : std::uint8_t {
  unresolved,          ///< The host's name.
  not_connected,       ///< Nobody there, or nobody lets us in.
  not_trusted,         ///< TLS failed: its handshake, or the server's certificate.
  timed_out,           ///< One of the limits on times; what() says which.
  broken,              ///< The connection ended, or was reset.
  malformed,           ///< The answer is none.
  too_large,           ///< The answer is more than the limits allow.
  pool_exhausted,      ///< Too many requests to this origin; what() says which.
  too_many_redirects,  ///< In one chain.
  local_failure,       ///< This side: no memory, no descriptor, what uploads failed.
  called_off,          ///< The caller gave it up.
};

/// A request has no answer, or not all of it. what() names both: "GET http://a/b: nothing sent:
/// Connection refused". It has neither the query nor a password, which may be secrets.
class DWELL_API request_error : public std::runtime_error {
 public:
  request_error(delivery how_far, request_failure reason, std::string_view what);
  ~request_error() override;

  [[nodiscard]] delivery how_far() const noexcept { return how_far_; }
  [[nodiscard]] request_failure reason() const noexcept { return reason_; }

 private:
  delivery how_far_;
  request_failure reason_;
};

/// "nothing sent", "sent, no answer", "partial answer".
[[nodiscard]] DWELL_API std::string_view in_words(delivery how_far) noexcept;

/// Whether RFC 9110 lets a request with this method be sent twice: GET, HEAD, PUT, DELETE, OPTIONS
/// and TRACE.
[[nodiscard]] DWELL_API bool is_idempotent(std::string_view method) noexcept;

}  // namespace dwell::inline v0::http
