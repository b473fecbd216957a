// TLS for the neutral client, by OpenSSL: a certificate for this run, and one session on a socket.
#pragma once

#include <cstddef>
#include <memory>
#include <string>

// OpenSSL's types, by their tags: only tls.cpp needs its headers.
struct ssl_st;
struct ssl_ctx_st;

namespace bench {

/// A self-signed certificate for 127.0.0.1 and its key, as files that go with this; made by the
/// command `openssl`. Throws std::runtime_error when the command is missing or fails.
class own_certificate {
 public:
  own_certificate();
  own_certificate(const own_certificate&) = delete;
  ~own_certificate();

  [[nodiscard]] std::string certificate() const { return folder_ + "/certificate.pem"; }
  [[nodiscard]] std::string key() const { return folder_ + "/key.pem"; }

 private:
  std::string folder_;
};

/// What all sessions share: they trust that certificate and no other. Throws std::runtime_error.
class tls_trust {
 public:
  explicit tls_trust(const own_certificate& trusted);

 private:
  friend class tls_session;
  std::unique_ptr<ssl_ctx_st, void (*)(ssl_ctx_st*)> context_;
};

/// A session on a connected socket that blocks. Nothing throws; `complaint` says what went wrong.
class tls_session {
 public:
  tls_session(const tls_trust& trust, int descriptor);

  /// True when the server has proved that it has the certificate's key.
  bool handshake();
  bool send(const void* bytes, std::size_t count);
  /// How many bytes came; 0 when the peer has closed, -1 after an error.
  int receive(void* bytes, std::size_t room);
  /// Bytes that were read from the socket and not yet taken.
  [[nodiscard]] bool holds_more() const;
  [[nodiscard]] static std::string complaint();

 private:
  std::unique_ptr<ssl_st, void (*)(ssl_st*)> session_;
};

}  // namespace bench
