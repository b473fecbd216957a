// Certificates made while the tests run: an authority, and what it signs.
#pragma once

#include <initializer_list>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>
#include <string>
#include <utility>

namespace dwell_test {

/// A certificate and its key, both PEM.
struct identity {
  std::string certificate{};
  std::string key{};
};

/// What a certificate says. Times are seconds from now.
struct certificate_wish {
  std::string common_name = "test";
  /// As OpenSSL writes them: "DNS:a.example,IP:127.0.0.1"; empty: none.
  std::string names{};
  long from = -3600;
  long until = 3600;
  bool authority = false;
};

/// Signs certificates with a key and a name of its own; by itself one that signed itself.
class authority {
 public:
  explicit authority(const certificate_wish& wish = default_wish())
      : key_(EVP_EC_gen("P-256")), certificate_(make(wish, key_, nullptr, key_)) {}
  /// One in between.
  authority(const certificate_wish& wish, const authority& above)
      : key_(EVP_EC_gen("P-256")), certificate_(make(wish, key_, above.certificate_, above.key_)) {}
  authority(const authority&) = delete;
  authority& operator=(const authority&) = delete;
  ~authority() {
    X509_free(certificate_);
    EVP_PKEY_free(key_);
  }

  [[nodiscard]] std::string pem() const { return pem_of(certificate_); }
  /// As a server's own.
  [[nodiscard]] identity itself() const { return {pem(), pem_of(key_)}; }

  /// A certificate with a new key, signed by this one.
  [[nodiscard]] identity issue(const certificate_wish& wish) const {
    EVP_PKEY* const key = EVP_EC_gen("P-256");
    X509* const certificate = make(wish, key, certificate_, key_);
    identity made{pem_of(certificate), pem_of(key)};
    X509_free(certificate);
    EVP_PKEY_free(key);
    return made;
  }

 private:
  static certificate_wish default_wish() {
    certificate_wish wish;
    wish.common_name = "Test Authority";
    wish.authority = true;
    return wish;
  }

  static X509* make(const certificate_wish& wish, EVP_PKEY* key, X509* issuer,
                    EVP_PKEY* issuer_key) {
    X509* const made = X509_new();
    X509_set_version(made, X509_VERSION_3);
    static long serial = 0;
    ASN1_INTEGER_set(X509_get_serialNumber(made), ++serial);
    X509_gmtime_adj(X509_getm_notBefore(made), wish.from);
    X509_gmtime_adj(X509_getm_notAfter(made), wish.until);
    X509_set_pubkey(made, key);
    X509_NAME* const name = X509_get_subject_name(made);
    X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(wish.common_name.c_str()), -1,
                               -1, 0);
    X509_set_issuer_name(made, issuer == nullptr ? name : X509_get_subject_name(issuer));
    extend(made, NID_basic_constraints, wish.authority ? "critical,CA:TRUE" : "CA:FALSE");
    if (!wish.names.empty()) extend(made, NID_subject_alt_name, wish.names.c_str());
    X509_sign(made, issuer_key, EVP_sha256());
    return made;
  }

  static void extend(X509* certificate, int what, const char* value) {
    X509_EXTENSION* const made = X509V3_EXT_conf_nid(nullptr, nullptr, what, value);
    X509_add_ext(certificate, made, -1);
    X509_EXTENSION_free(made);
  }

  static std::string text_in(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(bio);
    return text;
  }
  static std::string pem_of(X509* certificate) {
    BIO* const bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, certificate);
    return text_in(bio);
  }
  static std::string pem_of(EVP_PKEY* key) {
    BIO* const bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
    return text_in(bio);
  }

  EVP_PKEY* key_;
  X509* certificate_;
};

}  // namespace dwell_test
