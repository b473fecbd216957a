// Our TLS client against `openssl s_server`, over TCP.
#include <cerrno>
#include <cstddef>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/net/buffered.hpp>
#include <dwell/net/tcp.hpp>
#include <dwell/net/tls_stream.hpp>

#include "foreign/against.hpp"
#include "foreign/openssl_program.hpp"
#include "net/reading.hpp"
#include "net/tls_parties.hpp"
#include "support/random_bytes.hpp"

namespace {

namespace net = dwell::net;
using dwell::task;
using dwell_test::authority;
using dwell_test::certificate_wish;
using dwell_test::client_context;
using dwell_test::good_identity;
using dwell_test::identity;
using dwell_test::only_flag;
using dwell_test::openssl_server;
using dwell_test::random_bytes;
using dwell_test::server_host;
using dwell_test::trusted;
using net::bytes_of;
using net::tls_version;
using testing::EndsWith;
using testing::HasSubstr;
using tls_over_tcp = net::tls_stream<net::tcp_stream>;

class openssl_serves : public dwell_test::against, public testing::WithParamInterface<tls_version> {
 protected:
  openssl_serves() : against("openssl") {}

  // What the server is told beside its certificate; both speak the version of the test only.
  static openssl_server serve(const std::vector<std::string>& more,
                              const identity& who = good_identity()) {
    return {who, dwell_test::joined({only_flag(GetParam())}, more)};
  }
};
INSTANTIATE_TEST_SUITE_P(versions, openssl_serves, dwell_test::each_version(),
                         dwell_test::version_name);

task<tls_over_tcp> connect(const openssl_server& to, net::tls_client_context context,
                           std::string host = server_host) {
  net::tcp_stream wire = co_await net::tcp_stream::connect(to.at());
  co_return co_await net::tls_connect(std::move(wire), std::move(context), std::move(host));
}

// ---- Talking ----

// The server turns each line round.
task<> ask_for_lines_turned_round(tls_over_tcp& stream) {
  net::buffered_reader lines(stream);
  for (std::size_t length = 1; length < 500; length += 7) {
    std::string line(length, '\0');
    for (std::size_t i = 0; i < length; ++i) line[i] = static_cast<char>('a' + (i * length) % 26);
    co_await net::write_all(stream, bytes_of(line + "\n"));
    const auto turned = co_await lines.read_line(1'000);
    EXPECT_EQ(turned, std::string(line.rbegin(), line.rend()));
  }
}

TEST_P(openssl_serves, a_client_of_ours_and_they_agree_on_version_and_protocol) {
  const openssl_server server = serve({"-rev", "-alpn", "h2,http/1.1"});
  net::tls_client_options options = dwell_test::client_options(GetParam());
  options.alpn = {"http/1.1"};
  dwell::run([&]() -> task<> {
    tls_over_tcp stream = co_await connect(server, net::tls_client_context(options));
    EXPECT_EQ(stream.version(), GetParam());
    EXPECT_EQ(stream.alpn(), "http/1.1");
    co_await ask_for_lines_turned_round(stream);
    co_await stream.shutdown_write();
    EXPECT_EQ(co_await dwell_test::read_text(stream), "") << "an orderly end on both sides";
  }());
}

task<> ask_for(tls_over_tcp& stream, const std::string& name) {
  co_await net::write_all(stream, bytes_of("GET /" + name + " HTTP/1.0\r\n\r\n"));
}

TEST_P(openssl_serves, a_megabyte_that_arrives_as_it_is_and_then_a_clean_end) {
  const openssl_server server = serve({"-WWW"});
  const std::string content = random_bytes(1 << 20, 1);
  (void)server.folder().file("body.bin", content);
  dwell::run([&]() -> task<> {
    tls_over_tcp stream = co_await connect(server, client_context(GetParam()));
    co_await ask_for(stream, "body.bin");
    const std::string answer = co_await dwell_test::read_all(stream, 10'000);
    EXPECT_TRUE(answer.ends_with("\r\n\r\n" + content)) << answer.size() << " bytes";
  }());
}

// ---- Refusals ----

// Why our client does not talk to the server; "" when it does.
std::string refusal_by_client(const openssl_server& server, const net::tls_client_context& context,
                              const std::string& host) {
  return dwell::run([&]() -> task<std::string> {
    try {
      (void)co_await connect(server, context, host);
    } catch (const net::tls_error& refused) {
      EXPECT_EQ(refused.cause(), net::tls_cause::certificate);
      co_return refused.what();
    }
    co_return "";
  }());
}

certificate_wish for_server() {
  certificate_wish wish;
  wish.names = "DNS:server.example";
  return wish;
}

TEST_P(openssl_serves, a_certificate_for_another_host_and_is_refused) {
  const openssl_server server = serve({"-rev"});
  const net::tls_client_context context = client_context(GetParam());
  EXPECT_EQ(refusal_by_client(server, context, "other.example"),
            "TLS with other.example: the certificate is refused: hostname mismatch");
  EXPECT_EQ(refusal_by_client(server, context, "127.0.0.2"),
            "TLS with 127.0.0.2: the certificate is refused: IP address mismatch");
  EXPECT_EQ(refusal_by_client(server, context, server_host), "") << "the next one is welcome";
}

TEST_P(openssl_serves, a_certificate_that_has_expired_and_is_refused) {
  certificate_wish wish = for_server();
  wish.from = -7'200;
  wish.until = -3'600;
  const openssl_server server = serve({"-rev"}, trusted().issue(wish));
  EXPECT_THAT(refusal_by_client(server, client_context(GetParam()), server_host),
              EndsWith("the certificate is refused: certificate has expired"));
}

TEST_P(openssl_serves, a_certificate_that_signed_itself_and_is_refused) {
  const openssl_server server = serve({"-rev"}, authority(for_server()).itself());
  EXPECT_THAT(refusal_by_client(server, client_context(GetParam()), server_host),
              EndsWith("the certificate is refused: self-signed certificate"));
}

TEST_P(openssl_serves, a_certificate_of_an_unknown_authority_and_is_refused) {
  certificate_wish stranger;
  stranger.common_name = "Stranger";
  stranger.authority = true;
  const openssl_server server = serve({"-rev"}, authority(stranger).issue(for_server()));
  EXPECT_THAT(refusal_by_client(server, client_context(GetParam()), server_host),
              EndsWith("the certificate is refused: unable to get local issuer certificate"));
}

TEST_P(openssl_serves, another_version_and_the_error_says_so) {
  const openssl_server server = serve({"-rev"});
  const tls_version other =
      GetParam() == tls_version::tls_1_2 ? tls_version::tls_1_3 : tls_version::tls_1_2;
  dwell::run([&]() -> task<> {
    std::string why;
    try {
      (void)co_await connect(server, client_context(other));
    } catch (const net::tls_error& refused) {
      why = refused.what();
    }
    EXPECT_THAT(why, HasSubstr("protocol version"));
  }());
}

// ---- The end that is none ----

// Larger than what the buffers of both sides hold, so that most of it was never sent.
constexpr std::size_t more_than_fits = 64 << 20;

TEST_P(openssl_serves, until_it_is_killed_and_the_rest_is_no_end) {
  const openssl_server server = serve({"-WWW"});
  std::filesystem::resize_file(server.folder().file("body.bin", ""), more_than_fits);
  dwell::run([&]() -> task<> {
    tls_over_tcp stream = co_await connect(server, client_context(GetParam()));
    co_await ask_for(stream, "body.bin");
    std::string first(100'000, '\0');
    co_await net::read_exactly(stream, std::as_writable_bytes(std::span(first)));
    server.kill();
    EXPECT_THROW((void)co_await dwell_test::read_all(stream, 10'000), net::unexpected_end);
    EXPECT_THROW((void)co_await dwell_test::read_all(stream, 10'000), net::unexpected_end)
        << "not at the second attempt either";
  }());
}

}  // namespace
