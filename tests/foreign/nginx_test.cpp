// Our TLS client against nginx: HTTP by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/net/buffered.hpp>
#include <dwell/net/tcp.hpp>
#include <dwell/net/tls_stream.hpp>

#include "foreign/against.hpp"
#include "foreign/nginx_server.hpp"
#include "net/reading.hpp"
#include "net/tls_parties.hpp"
#include "support/random_bytes.hpp"

namespace {

namespace net = dwell::net;
using dwell::task;
using dwell_test::server_host;
using net::tls_version;
using secure_stream = net::tls_stream<net::tcp_stream>;
using secure_reader = net::buffered_reader<secure_stream&>;

class nginx : public dwell_test::against, public testing::WithParamInterface<tls_version> {
 protected:
  nginx() : against("nginx", "nginx-light") {}

  void SetUp() override {
    against::SetUp();
    if (IsSkipped()) return;
    server_.emplace("ssl");
    (void)server_->folder().file("large", large_);
    (void)server_->folder().file("small", "a few words\n");
  }
  [[nodiscard]] task<secure_stream> connect(std::string host = server_host) const {
    net::tcp_stream wire = co_await net::tcp_stream::connect(server_->at());
    net::tls_client_context context = dwell_test::client_context(GetParam());
    co_return co_await net::tls_connect(std::move(wire), std::move(context), std::move(host));
  }
  [[nodiscard]] const std::string& large() const { return large_; }

 private:
  std::optional<dwell_test::nginx_server> server_;
  const std::string large_ = dwell_test::random_bytes(4 << 20, 6);
};
INSTANTIATE_TEST_SUITE_P(versions, nginx, dwell_test::each_version(), dwell_test::version_name);

// ---- HTTP ----

struct response {
  std::string status{};
  std::string connection{};
  std::string body{};
};

task<response> read_response(secure_reader& from) {
  response got;
  got.status = (co_await from.read_line(1'000)).value_or("the end");
  for (;;) {
    const std::string line = (co_await from.read_line(1'000)).value_or("");
    if (line.empty()) break;
    const std::size_t colon = line.find(": ");
    const std::string name = line.substr(0, colon);
    if (name == "Connection") got.connection = line.substr(colon + 2);
    if (name == "Content-Length") got.body.resize(std::stoul(line.substr(colon + 2)));
  }
  co_await net::read_exactly(from, std::as_writable_bytes(std::span(got.body)));
  co_return got;
}

task<response> get(secure_reader& over, std::string path, std::string connection = "keep-alive") {
  const std::string request =
      "GET " + path + " HTTP/1.1\r\nHost: server.example\r\nConnection: " + connection + "\r\n\r\n";
  co_await net::write_all(over, net::bytes_of(request));
  co_return co_await read_response(over);
}

TEST_P(nginx, serves_several_answers_on_one_connection_until_we_say_that_it_is_the_last) {
  dwell::run([&]() -> task<> {
    secure_stream stream = co_await connect();
    secure_reader answers(stream);
    for (int i = 0; i < 3; ++i) {
      const response small = co_await get(answers, "/small");
      EXPECT_EQ(small.status, "HTTP/1.1 200 OK");
      EXPECT_EQ(small.connection, "keep-alive");
      EXPECT_EQ(small.body, "a few words\n");
    }
    const response missing = co_await get(answers, "/nothing");
    EXPECT_EQ(missing.status, "HTTP/1.1 404 Not Found");
    const response last = co_await get(answers, "/large", "close");
    EXPECT_EQ(last.connection, "close");
    EXPECT_TRUE(last.body == large()) << last.body.size() << " bytes";
    EXPECT_EQ(co_await dwell_test::read_text(answers), "") << "an orderly end";
  }());
}

TEST_P(nginx, answers_requests_that_were_sent_without_waiting_in_their_order) {
  dwell::run([&]() -> task<> {
    secure_stream stream = co_await connect();
    secure_reader answers(stream);
    const std::string host = " HTTP/1.1\r\nHost: server.example\r\n\r\n";
    const std::string requests = "GET /small" + host + "GET /large" + host + "GET /small" + host;
    co_await net::write_all(stream, net::bytes_of(requests));
    for (const bool is_large : {false, true, false}) {
      const response got = co_await read_response(answers);
      EXPECT_TRUE(got.body == (is_large ? large() : "a few words\n")) << got.body.size();
    }
  }());
}

TEST_P(nginx, serves_many_clients_of_ours_at_once) {
  const auto fetch = [&]() -> task<bool> {
    secure_stream stream = co_await connect();
    secure_reader answers(stream);
    const response got = co_await get(answers, "/large", "close");
    co_return got.body == large();
  };
  dwell_test::run_on(4, [&]() -> task<> {
    std::vector<task<bool>> all;
    for (int i = 0; i < 8; ++i) all.push_back(fetch());
    EXPECT_THAT(co_await dwell::gather(std::move(all)), testing::Each(true));
  }());
}

TEST_P(nginx, is_refused_when_it_is_not_the_host_that_we_want) {
  dwell::run([&]() -> task<> {
    std::string why;
    try {
      (void)co_await connect("other.example");
    } catch (const net::tls_error& refused) {
      EXPECT_EQ(refused.cause(), net::tls_cause::certificate);
      why = refused.what();
    }
    EXPECT_EQ(why, "TLS with other.example: the certificate is refused: hostname mismatch");
  }());
}

}  // namespace
