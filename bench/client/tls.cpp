// TLS by OpenSSL (see tls.hpp).
#include "tls.hpp"

#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdexcept>
#include <vector>

#include "../harness/child_process.hpp"

namespace bench {

namespace {

/// Empty, or what went wrong.
std::string openssl(std::vector<std::string> words) {
  words.insert(words.begin(), "openssl");
  const auto end = run_program("/usr/bin/env", words);
  if (end.succeeded()) return {};
  return "openssl " + words[1] + " (of the package openssl): " + end.complaint();
}

}  // namespace

own_certificate::own_certificate() {
  auto pattern = (std::filesystem::temp_directory_path() / "dwell_bench.XXXXXX").string();
  if (mkdtemp(pattern.data()) == nullptr) {
    throw std::runtime_error(pattern + ": " + std::strerror(errno));
  }
  folder_ = pattern;
  auto failure = openssl(
      {"genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-out", key()});
  if (failure.empty()) {
    failure = openssl({"req", "-x509", "-key", key(), "-days", "2", "-subj", "/CN=127.0.0.1",
                       "-addext", "subjectAltName=IP:127.0.0.1", "-out", certificate()});
  }
  if (failure.empty()) return;
  std::filesystem::remove_all(folder_);
  throw std::runtime_error(failure);
}

own_certificate::~own_certificate() {
  std::error_code ignored;  // a file left in the folder for such files harms nobody
  std::filesystem::remove_all(folder_, ignored);
}

tls_trust::tls_trust(const own_certificate& trusted)
    : context_(SSL_CTX_new(TLS_client_method()), SSL_CTX_free) {
  const auto file = trusted.certificate();
  if (context_ == nullptr ||
      SSL_CTX_load_verify_locations(context_.get(), file.c_str(), nullptr) != 1) {
    throw std::runtime_error("TLS: " + tls_session::complaint());
  }
  SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER, nullptr);
}

tls_session::tls_session(const tls_trust& trust, int descriptor)
    : session_(SSL_new(trust.context_.get()), SSL_free) {
  SSL_set_fd(session_.get(), descriptor);
}

bool tls_session::handshake() { return SSL_connect(session_.get()) == 1; }

bool tls_session::send(const void* bytes, std::size_t count) {
  return SSL_write(session_.get(), bytes, static_cast<int>(count)) == static_cast<int>(count);
}

int tls_session::receive(void* bytes, std::size_t room) {
  ERR_clear_error();
  const int count = SSL_read(session_.get(), bytes, static_cast<int>(room));
  if (count > 0) return count;
  return SSL_get_error(session_.get(), count) == SSL_ERROR_ZERO_RETURN ? 0 : -1;
}

bool tls_session::holds_more() const { return SSL_has_pending(session_.get()) == 1; }

std::string tls_session::complaint() {
  std::array<char, 256> text{};
  const auto error = ERR_get_error();
  // Not OpenSSL's own, so the socket's, of which the limit on waiting is the likeliest.
  if (error == 0) return errno == EAGAIN ? "no answer in time" : std::strerror(errno);
  ERR_error_string_n(error, text.data(), text.size());
  return text.data();
}

}  // namespace bench
