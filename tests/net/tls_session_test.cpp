// The TLS machine without a wire: what goes in and what comes out.
#include <array>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <dwell/net/tls_session.hpp>

#include "net/tls_parties.hpp"

namespace {

namespace net = dwell::net;
using dwell_test::certificate_wish;
using dwell_test::client_context;
using dwell_test::identity;
using dwell_test::server_context;
using dwell_test::server_host;
using dwell_test::trusted;
using net::bytes_of;
using net::tls_session;
using net::tls_version;
using state = net::tls_session::state;

// Carries what `from` has to send to `to`; false when there was nothing.
bool carry(tls_session& from, tls_session& to) {
  const net::const_bytes left = from.output();
  if (left.empty()) return false;
  to.feed(left);
  from.consumed(left.size());
  return true;
}

struct outcome_of_both {
  state client;
  state server;
};

// Steps both until neither has anything left to say.
outcome_of_both shake(tls_session& client, tls_session& server) {
  outcome_of_both now{client.handshake(), state::wants_input};
  for (;;) {
    const bool there = carry(client, server);
    if (now.server == state::wants_input) now.server = server.handshake();
    const bool back = carry(server, client);
    if (now.client == state::wants_input) now.client = client.handshake();
    if (!there && !back) return now;
  }
}

std::string read_text(tls_session& from, std::size_t most = 1'000) {
  std::string text(most, '\0');
  const tls_session::progress got = from.read(std::as_writable_bytes(std::span(text)));
  EXPECT_EQ(got.now, state::done);
  text.resize(got.count);
  return text;
}

void write_text(tls_session& to, std::string_view text) {
  const tls_session::progress put = to.write(bytes_of(text));
  EXPECT_EQ(put.now, state::done);
  EXPECT_EQ(put.count, text.size());
}

template <class F>
net::tls_error failure_of(F failing) {
  try {
    failing();
  } catch (const net::tls_error& e) {
    return e;
  }
  ADD_FAILURE() << "no tls_error";
  return {net::tls_cause::protocol, ""};
}

net::tls_error failure_of(const tls_session& s) {
  return failure_of([&] { s.throw_failure(); });
}

class a_session : public testing::TestWithParam<tls_version> {
 protected:
  tls_session client{client_context(GetParam()), server_host};
  tls_session server{server_context()};

  void open() {
    const outcome_of_both both = shake(client, server);
    ASSERT_EQ(both.client, state::done);
    ASSERT_EQ(both.server, state::done);
  }
};
INSTANTIATE_TEST_SUITE_P(versions, a_session, dwell_test::each_version(), dwell_test::version_name);

TEST_P(a_session, shakes_hands_in_the_version_that_was_asked_for) {
  EXPECT_FALSE(client.is_open());
  open();
  EXPECT_TRUE(client.is_open());
  EXPECT_EQ(client.version(), GetParam());
  EXPECT_EQ(server.version(), GetParam());
}

TEST_P(a_session, carries_what_is_said_both_ways) {
  open();
  write_text(client, "ping");
  carry(client, server);
  EXPECT_EQ(read_text(server), "ping");
  write_text(server, "pong");
  carry(server, client);
  EXPECT_EQ(read_text(client), "pong");
}

TEST_P(a_session, sends_nothing_in_the_clear) {
  open();
  write_text(client, "a secret of some length");
  const std::string_view sent = net::text_of(client.output());
  EXPECT_GT(sent.size(), 23U);
  EXPECT_EQ(sent.find("secret"), std::string_view::npos);
}

TEST_P(a_session, gives_what_came_together_before_it_wants_more) {
  open();
  for (int i = 0; i < 5; ++i) write_text(client, "record");
  carry(client, server);
  std::string all;
  for (int i = 0; i < 30; ++i) all += read_text(server, 1);
  EXPECT_EQ(all, "recordrecordrecordrecordrecord");
  std::array<std::byte, 1> one{};
  EXPECT_EQ(server.read(one).now, state::wants_input);
}

TEST_P(a_session, takes_at_most_a_record_at_once) {
  open();
  const std::string large(100'000, 'x');
  EXPECT_EQ(client.write(bytes_of(large)).count, 16U * 1024);
  EXPECT_EQ(client.write({}).count, 0U);
  EXPECT_EQ(client.read({}).count, 0U);
}

TEST_P(a_session, can_be_fed_byte_by_byte) {
  open();
  write_text(client, "slowly");
  const net::const_bytes all = client.output();
  std::array<std::byte, 10> to{};
  for (std::size_t i = 0; i + 1 < all.size(); ++i) {
    server.feed(all.subspan(i, 1));
    ASSERT_EQ(server.read(to).now, state::wants_input);
  }
  server.feed(all.last(1));
  EXPECT_EQ(read_text(server), "slowly");
}

TEST_P(a_session, shows_the_same_output_until_it_is_consumed) {
  open();
  write_text(client, "first");
  const net::const_bytes shown = client.output();
  const std::string copy(net::text_of(shown));
  write_text(client, std::string(10'000, 'y'));
  EXPECT_EQ(client.output().data(), shown.data());
  EXPECT_EQ(net::text_of(client.output()), copy);
  client.consumed(3);
  EXPECT_EQ(net::text_of(client.output()), copy.substr(3));
  EXPECT_TRUE(client.has_output());
}

TEST_P(a_session, ends_with_a_close_notify_and_each_side_for_itself) {
  open();
  write_text(client, "the last word");
  client.close_write();
  client.close_write();
  carry(client, server);
  EXPECT_EQ(read_text(server), "the last word");
  std::array<std::byte, 10> to{};
  EXPECT_EQ(server.read(to).now, state::ended);
  EXPECT_EQ(server.read(to).now, state::ended) << "again";
  server.feed_end();
  EXPECT_EQ(server.read(to).now, state::ended) << "also when the wire ends";
  write_text(server, "an answer to it");
  carry(server, client);
  EXPECT_EQ(read_text(client), "an answer to it");
}

TEST_P(a_session, refuses_to_write_after_its_own_end) {
  open();
  client.close_write();
  try {
    (void)client.write(bytes_of("more"));
    ADD_FAILURE() << "written";
  } catch (const net::error& e) {
    EXPECT_EQ(e.code().value(), EPIPE);
    EXPECT_STREQ(e.what(), "write to TLS with server.example: Broken pipe");
  }
}

TEST_P(a_session, says_each_time_that_a_wire_without_close_notify_was_cut) {
  open();
  write_text(server, "half a st");
  carry(server, client);
  client.feed_end();
  EXPECT_EQ(read_text(client), "half a st") << "what came whole can be read";
  std::array<std::byte, 10> to{};
  for (int i = 0; i < 3; ++i) EXPECT_THROW((void)client.read(to), net::unexpected_end);
}

TEST_P(a_session, detects_a_changed_byte) {
  open();
  write_text(server, "pay one");
  const net::const_bytes sent = server.output();
  std::vector<std::byte> changed(sent.begin(), sent.end());
  changed.back() ^= std::byte{1};
  client.feed(changed);
  std::array<std::byte, 10> to{};
  EXPECT_EQ(client.read(to).now, state::failed);
  const net::tls_error why = failure_of(client);
  EXPECT_EQ(why.cause(), net::tls_cause::protocol);
  EXPECT_STREQ(why.what(), "TLS with server.example: decryption failed or bad record mac");
  EXPECT_EQ(client.read(to).now, state::failed) << "for good";
  EXPECT_EQ(client.write(bytes_of("x")).now, state::failed) << "both ways";
  server.consumed(sent.size());
  EXPECT_TRUE(carry(client, server)) << "the alert";
  EXPECT_EQ(server.read(to).now, state::failed);
  const net::tls_error told = failure_of(server);
  EXPECT_EQ(told.cause(), net::tls_cause::alert);
  EXPECT_STREQ(told.what(), "TLS with a client: the peer gave up with the alert 'bad record mac'");
}

TEST_P(a_session, leaves_no_error_behind_for_other_connections_on_the_thread) {
  ERR_put_error(ERR_LIB_SSL, 0, 42, "", 0);  // as somebody else's failed call would
  open();
  client.feed(bytes_of("garbage and more garbage"));
  std::array<std::byte, 10> to{};
  EXPECT_EQ(client.read(to).now, state::failed);
  EXPECT_EQ(ERR_peek_error(), 0U);
}

TEST_P(a_session, tells_the_server_which_name_is_wanted) {
  open();
  EXPECT_EQ(server.server_name(), server_host);
}

TEST_P(a_session, may_be_moved) {
  tls_session first(std::move(client));
  client = std::move(first);
  open();
  write_text(client, "still there");
  carry(client, server);
  EXPECT_EQ(read_text(server), "still there");
}

// Certificates. What a client says to `who`, asked for `host`.
struct refusal {
  std::string client;
  std::string server;
};
refusal refusal_of(const identity& who, std::string_view host, tls_version version) {
  tls_session client(client_context(version), host);
  tls_session server(server_context(who));
  const outcome_of_both both = shake(client, server);
  EXPECT_EQ(both.client, state::failed);
  const net::tls_error why = failure_of(client);
  EXPECT_EQ(why.cause(), net::tls_cause::certificate);
  std::array<std::byte, 1> to{};  // in TLS 1.3 the server is done before it learns of it
  if (both.server == state::done) {
    EXPECT_EQ(server.read(to).now, state::failed);
  }
  const net::tls_error told = failure_of(server);
  EXPECT_EQ(told.cause(), net::tls_cause::alert);
  return {why.what(), told.what()};
}

certificate_wish for_server() {
  certificate_wish wish;
  wish.names = "DNS:server.example";
  return wish;
}

TEST_P(a_session, refuses_a_certificate_for_another_host) {
  const refusal both = refusal_of(dwell_test::good_identity(), "other.example", GetParam());
  EXPECT_EQ(both.client, "TLS with other.example: the certificate is refused: hostname mismatch");
  EXPECT_EQ(both.server, "TLS with a client: the peer gave up with the alert 'bad certificate'");
}

TEST_P(a_session, refuses_a_certificate_for_another_address) {
  EXPECT_EQ(refusal_of(dwell_test::good_identity(), "127.0.0.2", GetParam()).client,
            "TLS with 127.0.0.2: the certificate is refused: IP address mismatch");
}

TEST_P(a_session, refuses_a_certificate_that_has_expired) {
  certificate_wish wish = for_server();
  wish.from = -7'200;
  wish.until = -3'600;
  const refusal both = refusal_of(trusted().issue(wish), server_host, GetParam());
  EXPECT_EQ(both.client,
            "TLS with server.example: the certificate is refused: certificate has expired");
  EXPECT_EQ(both.server,
            "TLS with a client: the peer gave up with the alert 'certificate expired'");
}

TEST_P(a_session, refuses_a_certificate_that_is_not_valid_yet) {
  certificate_wish wish = for_server();
  wish.from = 3'600;
  wish.until = 7'200;
  EXPECT_EQ(refusal_of(trusted().issue(wish), server_host, GetParam()).client,
            "TLS with server.example: the certificate is refused: certificate is not yet valid");
}

TEST_P(a_session, refuses_a_certificate_that_signed_itself) {
  const dwell_test::authority itself(for_server());
  EXPECT_EQ(refusal_of(itself.itself(), server_host, GetParam()).client,
            "TLS with server.example: the certificate is refused: self-signed certificate");
}

TEST_P(a_session, refuses_a_certificate_from_an_authority_that_is_not_trusted) {
  certificate_wish wish;
  wish.common_name = "Stranger";
  wish.authority = true;
  const dwell_test::authority stranger(wish);
  const refusal both = refusal_of(stranger.issue(for_server()), server_host, GetParam());
  EXPECT_EQ(both.client,
            "TLS with server.example: the certificate is refused: "
            "unable to get local issuer certificate");
  EXPECT_EQ(both.server, "TLS with a client: the peer gave up with the alert 'unknown CA'");
}

TEST_P(a_session, refuses_a_certificate_that_is_signed_only_in_the_name_of_one_that_is) {
  const dwell_test::authority forger;
  EXPECT_EQ(refusal_of(forger.issue(for_server()), server_host, GetParam()).client,
            "TLS with server.example: the certificate is refused: certificate signature failure");
}

TEST_P(a_session, believes_a_chain_over_an_authority_in_between) {
  certificate_wish wish;
  wish.common_name = "In between";
  wish.authority = true;
  const dwell_test::authority between(wish, trusted());
  identity leaf = between.issue(for_server());
  EXPECT_NE(refusal_of(leaf, server_host, GetParam()).client.find("local issuer"),
            std::string::npos)
      << "without it there is no way up";
  leaf.certificate += between.pem();
  tls_session s(server_context(leaf));
  EXPECT_EQ(shake(client, s).client, state::done);
}

TEST_P(a_session, believes_a_certificate_for_the_host_by_each_way_of_naming_it) {
  for (const char* host : {"server.example", "SERVER.example", "server.example.", "a.wild.example",
                           "127.0.0.1", "::1", "[::1]"}) {
    tls_session c(client_context(GetParam()), host);
    tls_session s(server_context());
    const outcome_of_both both = shake(c, s);
    EXPECT_EQ(both.client, state::done) << host;
    EXPECT_EQ(both.server, state::done) << host;
  }
}

TEST_P(a_session, names_no_address_to_the_server) {
  tls_session c(client_context(GetParam()), "127.0.0.1");
  shake(c, server);
  EXPECT_EQ(server.server_name(), "") << "an address is no host name";
}

TEST_P(a_session, verifies_nothing_only_when_told_so) {
  certificate_wish wish;
  wish.until = -1;
  const dwell_test::authority itself(wish);
  net::tls_client_options options = dwell_test::client_options(GetParam());
  options.insecure_skip_verification = true;
  tls_session c(net::tls_client_context(options), "whatever.example");
  tls_session s(server_context(itself.itself()));
  EXPECT_EQ(shake(c, s).client, state::done);
}

TEST(a_client_session, needs_a_host) {
  using namespace std::string_view_literals;
  const net::tls_client_context context = client_context();
  for (const std::string_view host : {""sv, "."sv, "[]"sv, "server.example\0.evil"sv})
    EXPECT_THROW(tls_session(context, host), std::invalid_argument) << host;
}

// Versions and protocols.
TEST(a_client_session, refuses_a_server_that_speaks_no_version_of_its_own) {
  net::tls_server_options old = dwell_test::server_options();
  old.max_version = tls_version::tls_1_2;
  tls_session client(client_context(tls_version::tls_1_3), server_host);
  tls_session server{net::tls_server_context(old)};
  const outcome_of_both both = shake(client, server);
  EXPECT_EQ(both.server, state::failed);
  EXPECT_EQ(both.client, state::failed);
  EXPECT_STREQ(failure_of(client).what(),
               "TLS with server.example: the peer gave up with the alert 'protocol version'");
}

struct alpn_case {
  std::vector<std::string> client;
  std::vector<std::string> server;
  std::string agreed;
};

TEST_P(a_session, agrees_on_the_first_protocol_of_the_server_that_the_client_knows) {
  const std::vector<alpn_case> cases{{{"h2", "http/1.1"}, {"http/1.1"}, "http/1.1"},
                                     {{"http/1.1", "h2"}, {"h2", "http/1.1"}, "h2"},
                                     {{"h2"}, {}, ""},
                                     {{}, {"h2"}, ""},
                                     {{}, {}, ""}};
  for (const alpn_case& each : cases) {
    net::tls_client_options of_client = dwell_test::client_options(GetParam());
    of_client.alpn = each.client;
    net::tls_server_options of_server = dwell_test::server_options();
    of_server.alpn = each.server;
    tls_session c(net::tls_client_context(of_client), server_host);
    tls_session s{net::tls_server_context(of_server)};
    EXPECT_EQ(shake(c, s).client, state::done);
    EXPECT_EQ(c.alpn(), each.agreed);
    EXPECT_EQ(s.alpn(), each.agreed);
  }
}

TEST_P(a_session, fails_when_both_have_protocols_and_none_in_common) {
  net::tls_client_options of_client = dwell_test::client_options(GetParam());
  of_client.alpn = {"h2"};
  net::tls_server_options of_server = dwell_test::server_options();
  of_server.alpn = {"smtp"};
  tls_session c(net::tls_client_context(of_client), server_host);
  tls_session s{net::tls_server_context(of_server)};
  EXPECT_EQ(shake(c, s).server, state::failed);
  EXPECT_STREQ(
      failure_of(c).what(),
      "TLS with server.example: the peer gave up with the alert 'no application protocol'");
}

// What is no TLS at all.
TEST(a_server_session, is_not_impressed_by_plain_http) {
  tls_session server{server_context()};
  server.feed(bytes_of("GET / HTTP/1.1\r\nHost: server.example\r\n\r\n"));
  EXPECT_EQ(server.handshake(), state::failed);
  const net::tls_error why = failure_of(server);
  EXPECT_EQ(why.cause(), net::tls_cause::protocol);
  EXPECT_STREQ(why.what(), "TLS with a client: http request (does the peer speak TLS?)");
}

TEST(a_client_session, is_not_impressed_by_plain_http) {
  tls_session client(client_context(), server_host);
  EXPECT_EQ(client.handshake(), state::wants_input);
  client.feed(bytes_of("HTTP/1.1 400 Bad Request\r\n\r\n"));
  EXPECT_EQ(client.handshake(), state::failed);
  EXPECT_STREQ(failure_of(client).what(),
               "TLS with server.example: wrong version number (does the peer speak TLS?)");
  EXPECT_EQ(client.handshake(), state::failed) << "again";
}

TEST(a_client_session, says_that_the_wire_ended_in_the_handshake) {
  tls_session client(client_context(), server_host);
  EXPECT_EQ(client.handshake(), state::wants_input);
  client.feed_end();
  for (int i = 0; i < 2; ++i) {
    try {
      (void)client.handshake();
      ADD_FAILURE() << "no error";
    } catch (const net::unexpected_end& e) {
      EXPECT_STREQ(e.what(),
                   "TLS with server.example: the connection ended in the middle of the handshake");
    }
  }
}

}  // namespace
