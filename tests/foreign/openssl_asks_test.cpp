// Our TLS server against `openssl s_client`, over TCP.
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
using dwell_test::good_identity;
using dwell_test::only_flag;
using dwell_test::program;
using dwell_test::random_bytes;
using dwell_test::scratch_folder;
using dwell_test::server_host;

using net::bytes_of;
using net::tls_version;
using testing::AllOf;
using testing::HasSubstr;
using words = std::vector<std::string>;

class openssl_asks : public dwell_test::against, public testing::WithParamInterface<tls_version> {
 protected:
  openssl_asks() : against("openssl") {}

  // `openssl s_client` that trusts the authority of the tests, and ends when the server does.
  [[nodiscard]] words client(const net::endpoint& to, const words& more) const {
    return dwell_test::joined(
        {"openssl", "s_client", "-connect", to.to_string(), "-CAfile", authority_, "-ign_eof",
         "-verify_return_error", only_flag(GetParam())},
        more);
  }

 private:
  const scratch_folder folder_;
  const std::string authority_ = folder_.file("authority.pem", dwell_test::trusted().pem());
};
INSTANTIATE_TEST_SUITE_P(versions, openssl_asks, dwell_test::each_version(),
                         dwell_test::version_name);

// Answers one line, and ends.
task<std::string> answer_one(net::tls_stream<net::tcp_stream>& stream) {
  net::buffered_reader lines(stream);
  const auto question = co_await lines.read_line(1'000);
  co_await net::write_all(stream, bytes_of("you said: " + question.value_or("nothing") + "\n"));
  co_await stream.shutdown_write();
  co_return stream.server_name();
}

TEST_P(openssl_asks, a_server_of_ours_and_believes_it) {
  net::tls_server_options options = dwell_test::server_options();
  options.alpn = {"h2", "http/1.1"};
  const net::tls_server_context context(options);
  dwell::run([&]() -> task<> {
    net::tcp_listener listener = net::tcp_listener::bind(net::endpoint::loopback(0));
    program client(this->client(listener.local(), {"-servername", server_host, "-verify_hostname",
                                                   server_host, "-alpn", "http/1.1"}));
    client.tell("good morning\n");
    net::tcp_stream wire = co_await listener.accept();
    auto stream = co_await net::tls_accept(std::move(wire), context);
    EXPECT_EQ(stream.version(), GetParam());
    EXPECT_EQ(stream.alpn(), "http/1.1");
    const std::string name = co_await answer_one(stream);
    EXPECT_EQ(name, server_host);
    const std::string output = co_await dwell::blocking([&] { return client.everything(); });
    EXPECT_THAT(output, AllOf(HasSubstr("you said: good morning\n"),
                              HasSubstr("ALPN protocol: http/1.1"), HasSubstr("Verification: OK"),
                              HasSubstr("Verified peername: " + std::string(server_host))));
    EXPECT_EQ(client.wait(), 0) << output;
  }());
}

// Takes as much as `content` is, and gives it back.
task<> echo(net::tcp_listener& listener, const std::string& content) {
  net::tcp_stream wire = co_await listener.accept();
  auto stream = co_await net::tls_accept(std::move(wire), dwell_test::server_context());
  std::string got(content.size(), '\0');
  co_await net::read_exactly(stream, std::as_writable_bytes(std::span(got)));
  EXPECT_TRUE(got == content);
  co_await net::write_all(stream, bytes_of(got));
  co_await stream.shutdown_write();
}

TEST_P(openssl_asks, with_a_megabyte_and_gets_it_back) {
  const std::string content = random_bytes(1 << 20, 2);
  dwell::run([&]() -> task<> {
    net::tcp_listener listener = net::tcp_listener::bind(net::endpoint::loopback(0));
    program client(this->client(listener.local(), {"-quiet"}));
    auto tell = dwell::blocking([&] { client.tell(content); });
    auto hear = dwell::blocking([&] { return client.everything(); });
    auto all = dwell::gather(std::move(tell), echo(listener, content), std::move(hear));
    const auto [told, echoed, output] = co_await std::move(all);
    EXPECT_TRUE(output.ends_with(content)) << output.size() << " bytes";
    EXPECT_EQ(client.wait(), 0);
  }());
}

// What our server says of a client that refuses or breaks off.
task<std::string> failure_of_serving(net::tcp_listener& listener, net::tls_server_context context) {
  try {
    net::tcp_stream wire = co_await listener.accept();
    auto stream = co_await net::tls_accept(std::move(wire), std::move(context));
    (void)co_await dwell_test::read_all(stream, 1'000);
  } catch (const net::tls_error& broken) {
    co_return broken.what();
  }
  co_return "";
}

TEST_P(openssl_asks, for_a_host_that_we_are_not_and_tells_us_why_it_goes) {
  dwell::run([&]() -> task<> {
    net::tcp_listener listener = net::tcp_listener::bind(net::endpoint::loopback(0));
    const program client(this->client(listener.local(), {"-verify_hostname", "other.example"}));
    const std::string why =
        co_await failure_of_serving(listener, dwell_test::server_context(good_identity()));
    EXPECT_EQ(why, "TLS with a client: the peer gave up with the alert 'bad certificate'");
  }());
}

TEST_P(openssl_asks, by_protocols_that_we_do_not_speak_and_is_refused) {
  net::tls_server_options options = dwell_test::server_options();
  options.alpn = {"h2"};
  const net::tls_server_context context(options);
  dwell::run([&]() -> task<> {
    net::tcp_listener listener = net::tcp_listener::bind(net::endpoint::loopback(0));
    program client(this->client(listener.local(), {"-alpn", "gopher"}));
    (void)co_await failure_of_serving(listener, context);
    const std::string output = co_await dwell::blocking([&] { return client.everything(); });
    EXPECT_THAT(output, HasSubstr("alert no application protocol"));
    EXPECT_NE(client.wait(), 0);
  }());
}

TEST_P(openssl_asks, until_it_is_killed_and_what_it_sent_is_no_whole) {
  dwell::run([&]() -> task<> {
    net::tcp_listener listener = net::tcp_listener::bind(net::endpoint::loopback(0));
    program client(this->client(listener.local(), {}));
    client.tell("half of a requ");
    net::tcp_stream wire = co_await listener.accept();
    auto stream = co_await net::tls_accept(std::move(wire), dwell_test::server_context());
    std::string got(14, '\0');
    co_await net::read_exactly(stream, std::as_writable_bytes(std::span(got)));
    EXPECT_EQ(got, "half of a requ");
    client.kill();
    // Unread tickets make a reset of it.
    std::string end = "a clean one";
    try {
      (void)co_await dwell_test::read_all(stream, 100);
    } catch (const net::unexpected_end&) {
      end = "cut";
    } catch (const net::error& broken) {
      end = broken.code().value() == ECONNRESET ? "cut" : broken.what();
    }
    EXPECT_EQ(end, "cut");
  }());
}

}  // namespace
