// OpenSSL's objects and its queue of errors, for the files that speak to it. Not installed.
//
// The queue is of the thread, and so of every connection whose calls run on it: one that is not
// emptied makes the next call on another connection look failed. So an error_scope surrounds each
// call, and no coroutine makes one.
#pragma once

#include <memory>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string>
#include <system_error>

namespace dwell::inline v0::net {

namespace openssl {

template <auto Free>
struct freed_by {
  template <class T>
  void operator()(T* object) const noexcept {
    Free(object);
  }
};

using bio_ptr = std::unique_ptr<BIO, freed_by<BIO_free_all>>;
using key_ptr = std::unique_ptr<EVP_PKEY, freed_by<EVP_PKEY_free>>;
using certificate_ptr = std::unique_ptr<X509, freed_by<X509_free>>;
using context_ptr = std::unique_ptr<SSL_CTX, freed_by<SSL_CTX_free>>;
using connection_ptr = std::unique_ptr<SSL, freed_by<SSL_free>>;

/// Leaves the thread's queue of errors empty behind it, and finds it so.
class error_scope {
 public:
  error_scope() noexcept { ERR_clear_error(); }
  ~error_scope() { ERR_clear_error(); }
  error_scope(const error_scope&) = delete;
  error_scope& operator=(const error_scope&) = delete;
};

/// OpenSSL's word for an error: "no start line".
inline std::string reason_of(unsigned long error) {
  // The errno of a file, for which OpenSSL has no text of its own.
  if (ERR_SYSTEM_ERROR(error)) return std::generic_category().message(ERR_GET_REASON(error));
  const char* const text = ERR_reason_error_string(error);
  return text != nullptr ? text : "error " + std::to_string(error);
}

}  // namespace openssl

/// What the handles of tls_context.hpp share.
struct tls_context_state {
  openssl::context_ptr context;
  /// As it goes over the wire, each name behind its length. A server's callback is given `this`.
  std::string alpn{};
  bool verifies = false;
};

}  // namespace dwell::inline v0::net
