// The two programs that OpenSSL comes with for trying out TLS.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <dwell/net/endpoint.hpp>
#include <dwell/net/tls_context.hpp>

#include "foreign/program.hpp"
#include "net/tls_certificates.hpp"

namespace dwell_test {

/// The flag by which both speak one version only.
inline std::string only_flag(dwell::net::tls_version version) {
  return version == dwell::net::tls_version::tls_1_2 ? "-tls1_2" : "-tls1_3";
}

/// One command line after the other.
inline std::vector<std::string> joined(std::vector<std::string> words,
                                       const std::vector<std::string>& more) {
  words.insert(words.end(), more.begin(), more.end());
  return words;
}

/// `openssl s_server` with a certificate, on a port that is free.
class openssl_server {
 public:
  openssl_server(const identity& who, const std::vector<std::string>& more)
      : program_(joined(command(who), more), folder_.path()),
        at_(dwell::net::endpoint::loopback(port_of(program_.after("ACCEPT ")))) {}

  [[nodiscard]] dwell::net::endpoint at() const { return at_; }
  /// The folder in which it finds the files that it serves.
  [[nodiscard]] const scratch_folder& folder() const { return folder_; }
  /// Any thread.
  void kill() const { program_.kill(); }

 private:
  [[nodiscard]] std::vector<std::string> command(const identity& who) const {
    return {"openssl", "s_server",
            "-accept", "127.0.0.1:0",
            "-cert",   folder_.file("certificate.pem", who.certificate),
            "-key",    folder_.file("key.pem", who.key)};
  }
  static std::uint16_t port_of(const std::string& address) {
    return static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1)));
  }

  scratch_folder folder_;
  program program_;
  dwell::net::endpoint at_;
};

}  // namespace dwell_test
