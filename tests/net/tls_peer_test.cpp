// The TLS machine against a peer that does what ours never does: OpenSSL by hand.
#include <array>
#include <gtest/gtest.h>
#include <openssl/ssl.h>
#include <string>

#include <dwell/net/tls_session.hpp>

#include "net/tls_parties.hpp"

namespace {

namespace net = dwell::net;
using net::bytes_of;
using net::tls_session;
using net::tls_version;
using state = net::tls_session::state;

// A client that believes everybody.
class raw_client {
 public:
  explicit raw_client(int version) : context_(SSL_CTX_new(TLS_client_method())) {
    SSL_CTX_set_max_proto_version(context_, version);
    ssl_ = SSL_new(context_);
    SSL_set_bio(ssl_, in_, out_);
    SSL_set_connect_state(ssl_);
  }
  raw_client(const raw_client&) = delete;
  raw_client& operator=(const raw_client&) = delete;
  ~raw_client() {
    SSL_free(ssl_);
    SSL_CTX_free(context_);
  }

  [[nodiscard]] SSL* ssl() const { return ssl_; }
  bool shake() { return SSL_do_handshake(ssl_) == 1; }
  void write(const std::string& text) {
    EXPECT_EQ(SSL_write(ssl_, text.data(), static_cast<int>(text.size())),
              static_cast<int>(text.size()));
  }
  std::string read() {
    std::string text(1'000, '\0');
    text.resize(static_cast<std::size_t>(std::max(SSL_read(ssl_, text.data(), 1'000), 0)));
    return text;
  }

  void say_to(tls_session& server) {
    std::array<char, 10'000> data{};
    const int size = BIO_read(out_, data.data(), static_cast<int>(data.size()));
    if (size > 0)
      server.feed(bytes_of(std::string_view(data.data(), static_cast<std::size_t>(size))));
  }
  void hear(tls_session& server) {
    const net::const_bytes all = server.output();
    if (!all.empty()) BIO_write(in_, all.data(), static_cast<int>(all.size()));
    server.consumed(all.size());
  }
  void connect_to(tls_session& server) {
    for (int i = 0; i < 4; ++i) {
      shake();
      say_to(server);
      (void)server.handshake();
      hear(server);
    }
    EXPECT_TRUE(server.is_open());
  }

 private:
  SSL_CTX* context_;
  BIO* in_ = BIO_new(BIO_s_mem());
  BIO* out_ = BIO_new(BIO_s_mem());
  SSL* ssl_ = nullptr;
};

std::string read_text(tls_session& from) {
  std::string text(1'000, '\0');
  text.resize(from.read(std::as_writable_bytes(std::span(text))).count);
  return text;
}

TEST(a_server_session, changes_its_keys_with_the_next_bytes_when_the_client_asks_for_it) {
  tls_session server{dwell_test::server_context()};
  raw_client client(TLS1_3_VERSION);
  client.connect_to(server);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(SSL_key_update(client.ssl(), SSL_KEY_UPDATE_REQUESTED), 1);
    client.write("with new keys");
    client.say_to(server);
    EXPECT_EQ(read_text(server), "with new keys");
    EXPECT_FALSE(server.has_output()) << "reading makes nothing that would have to be sent";
    EXPECT_EQ(server.write(bytes_of("with ours, too")).now, state::done);
    client.hear(server);
    EXPECT_EQ(client.read(), "with ours, too");
  }
}

TEST(a_server_session, does_not_negotiate_again) {
  tls_session server{dwell_test::server_context()};
  raw_client client(TLS1_2_VERSION);
  client.connect_to(server);
  EXPECT_EQ(SSL_renegotiate(client.ssl()), 1);
  (void)client.shake();
  client.say_to(server);
  std::array<std::byte, 10> to{};
  EXPECT_EQ(server.read(to).now, state::wants_input) << "a warning, no handshake";
  EXPECT_EQ(server.write(bytes_of("still as agreed")).now, state::done);
}

TEST(a_server_session, serves_a_client_that_names_no_host_and_no_protocol) {
  net::tls_server_options options = dwell_test::server_options();
  options.alpn = {"h2"};
  tls_session server{net::tls_server_context(options)};
  raw_client client(TLS1_3_VERSION);
  client.connect_to(server);
  EXPECT_EQ(server.server_name(), "");
  EXPECT_EQ(server.alpn(), "");
  EXPECT_FALSE(server.peer_waits()) << "tickets are for later";
}

}  // namespace
