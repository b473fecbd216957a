// How TLS fails. A cut connection is unexpected_end (error.hpp), as with every stream.
#pragma once

#include <cstdint>
#include <stdexcept>
#include <string>

#include <dwell/base/export.hpp>

namespace dwell::inline v0::net {

/// What a tls_error is about.
enum class tls_cause : std::uint8_t {
  certificate,  ///< We refuse the peer's certificate: trying again gives the same.
  alert,        ///< The peer gave up, and said why.
  protocol,     ///< What came is not what TLS allows; often not TLS at all.
};

/// TLS cannot go on; what() says with whom, and why: "TLS with db.example: the certificate is
/// refused: certificate has expired". The stream is of no more use, and every later operation
/// throws the same again.
class DWELL_API tls_error : public std::runtime_error {
 public:
  tls_error(tls_cause cause, const std::string& what);
  ~tls_error() override;

  [[nodiscard]] tls_cause cause() const noexcept { return cause_; }

 private:
  tls_cause cause_;
};

/// A TLS context cannot be built; what() names the file or option, and the reason.
class DWELL_API tls_context_error : public std::runtime_error {
 public:
  explicit tls_context_error(const std::string& what);
  ~tls_context_error() override;
};

}  // namespace dwell::inline v0::net
