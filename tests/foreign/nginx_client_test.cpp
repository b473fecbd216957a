// Our HTTP client against nginx: HTTP/1.1 and HTTP/2, in TLS and without.
#include <algorithm>
#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/http/client.hpp>

#include "foreign/against.hpp"
#include "foreign/nginx_server.hpp"
#include "net/tls_parties.hpp"
#include "support/random_bytes.hpp"
#include "support/scale.hpp"

namespace {

using namespace std::chrono_literals;
using dwell::task;
namespace http = dwell::http;

// It says over which of its connections an answer goes, and how.
constexpr std::string_view more = R"(
    keepalive_timeout 1s;
    gzip on;
    gzip_types text/plain;
    gzip_min_length 1;
    types { text/plain txt; }
    default_type application/octet-stream;
    add_header X-Connection $connection always;
    add_header X-Protocol $server_protocol always;
    location = /slow { limit_rate 50k; }
)";

struct dialect {
  const char* name;
  const char* listen;
  const char* scheme;
  const char* protocol;
  [[nodiscard]] bool multiplexes() const { return std::string_view(protocol) == "HTTP/2.0"; }
};
constexpr dialect dialects[] = {{"http_1", "", "http", "HTTP/1.1"},
                                {"http_1_in_tls", "ssl", "https", "HTTP/1.1"},
                                {"http_2", "ssl http2", "https", "HTTP/2.0"}};

constexpr const char* small = "a few words\n";

struct got {
  int status = 0;
  std::string connection{};
  std::string protocol{};
  std::string encoding{};
  std::string body{};
};

class nginx_and_our_client : public dwell_test::against,
                             public testing::WithParamInterface<dialect> {
 protected:
  nginx_and_our_client() : against("nginx", "nginx-light") {}

  void SetUp() override {
    against::SetUp();
    if (IsSkipped()) return;
    server_.emplace(GetParam().listen, more);
    const dwell_test::scratch_folder& folder = server_->folder();
    for (const char* const name : {"large", "slow"}) (void)folder.file(name, large_);
    (void)folder.file("small", small);
    (void)folder.file("words.txt", words_);
  }

  [[nodiscard]] http::client_options options() const {
    http::client_options made;
    made.ca_file = server_->folder().file("ca.pem", dwell_test::trusted().pem());
    made.per_origin = 8;
    made.times.first_byte = 20s;  // a connection that is gone must not look like a slow server
    return made;
  }
  [[nodiscard]] std::string url(const std::string& path) const {
    return GetParam().scheme + ("://" + server_->at().to_string()) + path;
  }
  [[nodiscard]] task<got> fetch(http::client& client, std::string path) const {
    http::client_response answer = co_await client.get(url(path));
    got all{.status = answer.status};
    all.connection = answer.headers.get("X-Connection").value_or("none");
    all.protocol = answer.headers.get("X-Protocol").value_or("none");
    all.encoding = answer.headers.get("Content-Encoding").value_or("none");
    all.body = co_await answer.text();
    co_return all;
  }

  const std::string large_ = dwell_test::random_bytes(4 << 20, 7);
  const std::string words_ = std::string(100'000, 'w');

 private:
  std::optional<dwell_test::nginx_server> server_;
};
INSTANTIATE_TEST_SUITE_P(dialects, nginx_and_our_client, testing::ValuesIn(dialects),
                         [](const auto& of) { return std::string(of.param.name); });

TEST_P(nginx_and_our_client, speak_as_the_server_can_over_one_connection) {
  dwell::run([&]() -> task<> {
    http::client client(options());
    std::set<std::string> connections;
    for (const bool is_large : {false, true, false}) {
      const got answer = co_await fetch(client, is_large ? "/large" : "/small?query");
      EXPECT_EQ(answer.status, 200);
      EXPECT_EQ(answer.protocol, GetParam().protocol);
      EXPECT_TRUE(answer.body == (is_large ? large_ : small)) << answer.body.size() << " bytes";
      connections.insert(answer.connection);
    }
    const got missing = co_await fetch(client, "/nothing");
    EXPECT_EQ(missing.status, 404);
    connections.insert(missing.connection);
    EXPECT_EQ(connections.size(), 1U);
  }());
}

TEST_P(nginx_and_our_client, compress) {
  dwell::run([&]() -> task<> {
    http::client client(options());
    const got answer = co_await fetch(client, "/words.txt");
    EXPECT_EQ(answer.encoding, "gzip");
    EXPECT_TRUE(answer.body == words_) << answer.body.size() << " bytes";
    http::client_options as_it_is = options();
    as_it_is.decompress = false;
    http::client plain(as_it_is);
    const got uncompressed = co_await fetch(plain, "/words.txt");
    EXPECT_EQ(uncompressed.encoding, "none");
    EXPECT_TRUE(uncompressed.body == words_) << uncompressed.body.size() << " bytes";
  }());
}

TEST_P(nginx_and_our_client, share_few_connections_among_many_requests) {
  dwell_test::run_on(4, [&]() -> task<> {
    http::client client(options());
    std::vector<task<got>> all;
    for (int i = 0; i < 200; ++i) all.push_back(fetch(client, i % 20 == 0 ? "/large" : "/small"));
    const std::vector<got> answers = co_await dwell::gather(std::move(all));
    std::set<std::string> connections;
    for (std::size_t i = 0; i < answers.size(); ++i) {
      EXPECT_TRUE(answers[i].body == (i % 20 == 0 ? large_ : small)) << i;
      connections.insert(answers[i].connection);
    }
    EXPECT_LE(connections.size(), GetParam().multiplexes() ? 1U : 8U);
  }());
}

TEST_P(nginx_and_our_client, leave_an_answer_without_harm_to_the_others) {
  dwell::run([&]() -> task<> {
    http::client client(options());
    std::string left;
    for (int i = 0; i < 5; ++i) {
      http::client_response slow = co_await client.get(url("/slow"));
      left = slow.headers.get("X-Connection").value_or("none");
      EXPECT_FALSE((co_await slow.next()).empty());
      const got beside = co_await fetch(client, "/large");
      EXPECT_TRUE(beside.body == large_);
      EXPECT_EQ(beside.connection == left, GetParam().multiplexes());
    }
    const got after = co_await fetch(client, "/small");
    EXPECT_EQ(after.connection == left, GetParam().multiplexes());
    EXPECT_EQ(after.body, small);
  }());
}

TEST_P(nginx_and_our_client, hold_an_answer_back_that_nobody_reads_without_harm_to_the_others) {
  dwell::run([&]() -> task<> {
    http::client client(options());
    for (int i = 0; i < 5; ++i) {
      http::client_response unread = co_await client.get(url("/large"));
      for (int beside = 0; beside < 3; ++beside)
        EXPECT_TRUE((co_await fetch(client, "/large")).body == large_);
      EXPECT_TRUE((co_await unread.text()) == large_);
    }
  }());
}

TEST_P(nginx_and_our_client, agree_on_a_body_that_is_refused_before_it_has_been_sent) {
  dwell::run([&]() -> task<> {
    http::client client(options());
    for (int i = 0; i < 3; ++i) {
      http::client_response refused = co_await client.post(url("/small"), large_);
      EXPECT_EQ(refused.status, 413);
      (void)co_await refused.text();
      http::client_response no_post = co_await client.post(url("/small"), "some words");
      EXPECT_EQ(no_post.status, 405);
      (void)co_await no_post.text();
    }
  }());
}

// The server closes a connection that was silent for a second, just when we may be using it again:
// a GET is sent again unseen. What may be carried out only once fails rather than that.
TEST_P(nginx_and_our_client, survive_a_connection_that_is_closed_when_it_is_used_again) {
  const auto ask = [&](http::client& client, std::chrono::milliseconds pause) -> task<> {
    for (std::int64_t i = 0; i < dwell_test::scaled(2) + 1; ++i) {
      EXPECT_EQ((co_await fetch(client, "/small")).body, small);
      co_await dwell::sleep_for(pause);
      try {
        http::client_response answer = co_await client.post(url("/small"), "once");
        EXPECT_EQ(answer.status, 405);
        (void)co_await answer.text();
      } catch (const http::request_error& e) {
        EXPECT_NE(e.how_far(), http::delivery::partial_answer) << e.what();
      }
      co_await dwell::sleep_for(pause);
    }
  };
  dwell_test::run_on(2, [&]() -> task<> {
    http::client client(options());
    std::vector<task<>> all;
    for (int i = 0; i < 8; ++i) all.push_back(ask(client, 996ms + i * 1ms));
    co_await dwell::gather(std::move(all));
  }());
}

}  // namespace
