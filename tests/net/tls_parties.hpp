// A client and a server who believe each other, for the tests of TLS.
#pragma once

#include <gtest/gtest.h>
#include <string>

#include <dwell/net/tls_context.hpp>

#include "net/tls_certificates.hpp"

namespace dwell_test {

inline constexpr const char* server_host = "server.example";

/// The authority that the clients below trust, and the server's certificate from it.
inline const authority& trusted() {
  static const authority one;
  return one;
}
inline const identity& good_identity() {
  static const identity one = [] {
    certificate_wish wish;
    wish.names = "DNS:server.example,DNS:*.wild.example,IP:127.0.0.1,IP:0:0:0:0:0:0:0:1";
    return trusted().issue(wish);
  }();
  return one;
}

/// Both versions are what is spoken when one of the sides allows one version only.
inline dwell::net::tls_client_options client_options(
    dwell::net::tls_version only = dwell::net::tls_version::tls_1_3) {
  dwell::net::tls_client_options options;
  options.system_roots = false;
  options.ca_pem = trusted().pem();
  options.min_version = options.max_version = only;
  return options;
}
inline dwell::net::tls_server_options server_options(const identity& who = good_identity()) {
  dwell::net::tls_server_options options;
  options.certificate_pem = who.certificate;
  options.key_pem = who.key;
  return options;
}

inline dwell::net::tls_client_context client_context(
    dwell::net::tls_version only = dwell::net::tls_version::tls_1_3) {
  return dwell::net::tls_client_context(client_options(only));
}
inline dwell::net::tls_server_context server_context(const identity& who = good_identity()) {
  return dwell::net::tls_server_context(server_options(who));
}

/// For suites that run once for each version: INSTANTIATE_TEST_SUITE_P(versions, suite,
/// each_version(), version_name).
inline auto each_version() {
  return testing::Values(dwell::net::tls_version::tls_1_2, dwell::net::tls_version::tls_1_3);
}
inline std::string version_name(const testing::TestParamInfo<dwell::net::tls_version>& info) {
  return info.param == dwell::net::tls_version::tls_1_2 ? "tls_1_2" : "tls_1_3";
}

}  // namespace dwell_test
