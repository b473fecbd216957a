// What TLS connections have in common: whom a client believes, and who a server is.
//
// A context is built once, which reads and parses certificates (the system's store is hundreds of
// kilobytes), and then shared: copies are handles to one constant state. OpenSSL stays behind it;
// no header of OpenSSL is needed to use Dwell.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <dwell/base/export.hpp>
#include <dwell/net/tls_error.hpp>

namespace dwell::inline v0::net {

/// Versions of TLS that are spoken here; older ones are broken.
enum class tls_version : std::uint8_t { tls_1_2, tls_1_3 };

/// What a client wants.
struct tls_client_options {
  /// Whether the certificates that the system trusts are trusted; SSL_CERT_FILE and SSL_CERT_DIR in
  /// the environment say where they are, if not where OpenSSL looks.
  bool system_roots = true;
  /// Further certificates to trust: files in PEM, and PEM itself.
  std::vector<std::string> ca_files{};
  std::string ca_pem{};
  /// The protocols that we speak, by preference ("h2", "http/1.1"); none: the question is not put.
  std::vector<std::string> alpn{};
  tls_version min_version = tls_version::tls_1_2;
  tls_version max_version = tls_version::tls_1_3;
  /// Believes every certificate, whoever shows it: anybody on the way can then read and change
  /// everything. For tests against a server that cannot be helped otherwise.
  bool insecure_skip_verification = false;
};

/// What a server is.
struct tls_server_options {
  /// The server's certificate, followed by those between it and a root: a file in PEM, or PEM
  /// itself. One of the two.
  std::string certificate_file{};
  std::string certificate_pem{};
  /// The key to it, unencrypted, likewise.
  std::string key_file{};
  std::string key_pem{};
  /// The protocols that we speak, by preference. A client that offers protocols and none of these
  /// is refused; one that offers none is served.
  std::vector<std::string> alpn{};
  tls_version min_version = tls_version::tls_1_2;
  tls_version max_version = tls_version::tls_1_3;
};

struct tls_context_state;

/// For tls_connect(). Copies share what was built; any thread, any number of connections at once.
///
/// Verifies unless told otherwise: the chain up to a trusted root, the dates, and that the
/// certificate is for the host that the connection is made to.
class DWELL_API tls_client_context {
 public:
  /// Trusts what the system trusts.
  tls_client_context();
  /// Throws tls_context_error. Reads files: slow, and blocking.
  explicit tls_client_context(const tls_client_options& options);

  /// For tls_session.
  [[nodiscard]] const std::shared_ptr<const tls_context_state>& state() const noexcept {
    return state_;
  }

 private:
  std::shared_ptr<const tls_context_state> state_;
};

/// For tls_accept(). As above.
class DWELL_API tls_server_context {
 public:
  /// Throws tls_context_error. Reads files: slow, and blocking.
  explicit tls_server_context(const tls_server_options& options);

  /// For tls_session.
  [[nodiscard]] const std::shared_ptr<const tls_context_state>& state() const noexcept {
    return state_;
  }

 private:
  std::shared_ptr<const tls_context_state> state_;
};

}  // namespace dwell::inline v0::net
