// Building what TLS connections have in common, and what is said when that fails.
#include <cstdio>
#include <cstdlib>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <string>
#include <unistd.h>

#include <dwell/net/tls_context.hpp>
#include <dwell/net/tls_session.hpp>

#include "net/tls_parties.hpp"

namespace {

namespace net = dwell::net;
using dwell_test::good_identity;

template <class Options, class Context>
std::string refusal_by(const Options& options) {
  try {
    const Context made(options);
  } catch (const net::tls_context_error& e) {
    return e.what();
  }
  return "(built)";
}
std::string refusal_of(const net::tls_client_options& options) {
  return refusal_by<net::tls_client_options, net::tls_client_context>(options);
}
std::string refusal_of(const net::tls_server_options& options) {
  return refusal_by<net::tls_server_options, net::tls_server_context>(options);
}

// A file that goes with the test.
class temporary_file {
 public:
  explicit temporary_file(const std::string& text)
      : path_(testing::TempDir() + "dwell_tls_" + std::string(6, 'X')) {
    const int file = mkstemp(path_.data());
    EXPECT_EQ(::write(file, text.data(), text.size()), static_cast<ssize_t>(text.size()));
    ::close(file);
  }
  temporary_file(const temporary_file&) = delete;
  temporary_file& operator=(const temporary_file&) = delete;
  ~temporary_file() { std::remove(path_.c_str()); }
  [[nodiscard]] const std::string& path() const { return path_; }

 private:
  std::string path_;
};

std::string encrypted_key() {
  EVP_PKEY* const key = EVP_EC_gen("P-256");
  BIO* const bio = BIO_new(BIO_s_mem());
  PEM_write_bio_PKCS8PrivateKey(bio, key, EVP_aes_128_cbc(), "secret", 6, nullptr, nullptr);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  std::string text(data, static_cast<std::size_t>(size));
  BIO_free(bio);
  EVP_PKEY_free(key);
  return text;
}

TEST(a_tls_context, is_built_with_what_the_system_trusts) { const net::tls_client_context made; }

TEST(a_tls_context, is_built_from_files) {
  const temporary_file ca(dwell_test::trusted().pem());
  const temporary_file certificate(good_identity().certificate);
  const temporary_file key(good_identity().key);
  net::tls_client_options of_client;
  of_client.ca_files = {ca.path(), ca.path()};
  EXPECT_EQ(refusal_of(of_client), "(built)") << "twice the same is no error";
  net::tls_server_options of_server;
  of_server.certificate_file = certificate.path();
  of_server.key_file = key.path();
  EXPECT_EQ(refusal_of(of_server), "(built)");
}

TEST(a_tls_context, outlives_its_handle_in_the_connections_made_of_it) {
  auto context = std::make_unique<net::tls_client_context>(dwell_test::client_options());
  net::tls_session session(*context, "a.example");
  context.reset();
  EXPECT_EQ(session.handshake(), net::tls_session::state::wants_input);
}

TEST(a_tls_context, names_the_file_that_cannot_be_read) {
  net::tls_client_options options;
  options.ca_files = {"/nowhere/ca.pem"};
  EXPECT_EQ(refusal_of(options), "TLS: cannot read /nowhere/ca.pem: No such file or directory");
}

TEST(a_tls_context, says_what_holds_no_certificate) {
  net::tls_client_options options;
  options.ca_pem = "no PEM at all";
  EXPECT_EQ(refusal_of(options), "TLS: there is no certificate in ca_pem");
  const temporary_file key(good_identity().key);
  options.ca_pem.clear();
  options.ca_files = {key.path()};
  EXPECT_EQ(refusal_of(options), "TLS: there is no certificate in " + key.path());
}

TEST(a_tls_context, says_what_holds_a_broken_certificate) {
  std::string pem = dwell_test::trusted().pem();
  pem[pem.size() / 2] = '!';
  net::tls_client_options options;
  options.ca_pem = pem;
  EXPECT_EQ(refusal_of(options), "TLS: a certificate in ca_pem is broken: bad base64 decode");
}

TEST(a_tls_context, needs_a_certificate_and_a_key) {
  net::tls_server_options options;
  EXPECT_EQ(refusal_of(options),
            "TLS: a server needs one of certificate_file and certificate_pem, and has none");
  options.certificate_pem = good_identity().certificate;
  EXPECT_EQ(refusal_of(options), "TLS: a server needs one of key_file and key_pem, and has none");
  options.key_pem = good_identity().key;
  options.key_file = "key.pem";
  EXPECT_EQ(refusal_of(options), "TLS: a server needs one of key_file and key_pem, and has both");
}

TEST(a_tls_context, needs_the_key_of_its_certificate) {
  net::tls_server_options options = dwell_test::server_options();
  options.key_pem = dwell_test::trusted().itself().key;
  EXPECT_EQ(refusal_of(options),
            "TLS: the key in key_pem is not that of the certificate in certificate_pem: "
            "key values mismatch");
}

TEST(a_tls_context, asks_nobody_for_the_password_of_a_key) {
  net::tls_server_options options = dwell_test::server_options();
  options.key_pem = encrypted_key();
  const std::string why = refusal_of(options);
  EXPECT_TRUE(why.starts_with("TLS: the key in key_pem is encrypted; `openssl pkey` decrypts it"))
      << why;
}

TEST(a_tls_context, says_what_holds_no_key) {
  net::tls_server_options options = dwell_test::server_options();
  options.key_pem = options.certificate_pem;
  const std::string why = refusal_of(options);
  EXPECT_TRUE(why.starts_with("TLS: there is no readable key in key_pem")) << why;
}

TEST(a_tls_context, refuses_versions_in_the_wrong_order) {
  net::tls_client_options options;
  options.min_version = net::tls_version::tls_1_3;
  options.max_version = net::tls_version::tls_1_2;
  EXPECT_EQ(refusal_of(options), "TLS: min_version is above max_version");
}

TEST(a_tls_context, refuses_names_of_protocols_that_cannot_be_sent) {
  net::tls_client_options options;
  options.alpn = {""};
  EXPECT_EQ(refusal_of(options), "TLS: the name of a protocol in alpn has 1 to 255 bytes, not 0");
  options.alpn = {"h2", std::string(256, 'x')};
  EXPECT_EQ(refusal_of(options), "TLS: the name of a protocol in alpn has 1 to 255 bytes, not 256");
}

}  // namespace
