// The server on real sockets: TCP and TLS.
#include <cstddef>
#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/http/server.hpp>
#include <dwell/net/tcp.hpp>
#include <dwell/net/tls_stream.hpp>

#include "http/answers.hpp"
#include "http/handlers.hpp"
#include "http/talking.hpp"
#include "net/on_reactors.hpp"
#include "net/reading.hpp"
#include "net/tls_parties.hpp"
#include "support/for_ever.hpp"

namespace {

using namespace dwell_test;
using dwell::task;

using an_http_server_on_sockets = on_reactors;
INSTANTIATE_TEST_SUITE_P(reactors, an_http_server_on_sockets, each_reactor(), reactor_name);

net::tcp_listener any_port() { return net::tcp_listener::bind(net::endpoint::loopback(0)); }

// Each request waits for the answer of the one before.
template <net::byte_stream S>
task<> ask_often(S& stream, int id) {
  std::string received;
  for (std::size_t i = 1; i <= 10; ++i) {
    const std::string body = std::to_string(id) + ' ' + std::to_string(i);
    const std::string request = post("/", body);
    co_await net::write_all(stream, net::bytes_of(request));
    std::vector<answer> all = all_answers(received);
    while (all.size() < i) {
      const std::string part = co_await read_text(stream, 1000);
      EXPECT_NE(part, "") << "the server ended the connection";
      if (part.empty()) co_return;
      received += part;
      all = all_answers(received);
    }
    EXPECT_EQ(all.back().body, "POST / " + body);
  }
}

task<> ask_by_tcp(net::endpoint server, int id) {
  net::tcp_stream stream = co_await net::tcp_stream::connect(server);
  co_await ask_often(stream, id);
}

TEST_P(an_http_server_on_sockets, serves_many_clients) {
  dwell::run(
      []() -> task<> {
        net::tcp_listener listener = any_port();
        http::server server(&echo);
        auto running = dwell::spawn(server.run(listener));
        std::vector<task<>> clients;
        for (int id = 0; id < 50; ++id) clients.push_back(ask_by_tcp(listener.local(), id));
        co_await dwell::gather(std::move(clients));
        server.stop();
        co_await running;
        EXPECT_EQ(server.statistics().requests, 500U);
        EXPECT_EQ(server.statistics().connections, 50U);
        EXPECT_EQ(server.statistics().open, 0U);
        EXPECT_EQ(server.statistics().broken, 0U);
      }(),
      pool());
}

TEST_P(an_http_server_on_sockets, cancels_the_handler_when_its_client_leaves) {
  dwell::run(
      []() -> task<> {
        counts c;
        net::tcp_listener listener = any_port();
        http::server server([&c](http::request&) -> task<http::response> {
          co_await sleeps_for_ever(c);
          co_return http::response(200);
        });
        auto running = dwell::spawn(server.run(listener));
        {
          net::tcp_stream stream = co_await net::tcp_stream::connect(listener.local());
          const std::string request = get("/");
          co_await net::write_all(stream, net::bytes_of(request));
          while (c.started == 0) co_await dwell::yield_now();
        }
        while (c.cancelled == 0) co_await dwell::yield_now();
        server.stop();
        co_await running;
        EXPECT_EQ(server.statistics().abandoned, 1U);
      }(),
      pool());
}

// Nobody reads the rest of the request: a reset would overtake the answer.
TEST_P(an_http_server_on_sockets, tells_a_client_that_is_still_sending_why_it_is_refused) {
  dwell::run(
      []() -> task<> {
        net::tcp_listener listener = any_port();
        http::server_options options;
        options.limits.body = 10;
        options.linger_time = std::chrono::hours(1);
        http::server server(&echo, options);
        auto running = dwell::spawn(server.run(listener));
        net::tcp_stream stream = co_await net::tcp_stream::connect(listener.local());
        const std::string request = post("/", std::string(1'000'000, 'x'));
        const auto send = [&]() -> task<> {
          co_await net::write_all(stream, net::bytes_of(request));
          co_await stream.shutdown_write();
        };
        auto both = dwell::gather(read_all(stream, 1000), send());
        const auto results = co_await std::move(both);
        EXPECT_EQ(all_answers(std::get<0>(results)).at(0).status, 413);
        stream.close();
        server.stop();
        co_await running;
      }(),
      pool());
}

TEST_P(an_http_server_on_sockets, speaks_through_tls) {
  dwell::run(
      []() -> task<> {
        net::tcp_listener listener = any_port();
        http::server server(&echo);
        const net::tls_server_context context = dwell_test::server_context();
        const auto wrap = [&context](net::tcp_stream stream) {
          return net::tls_accept(std::move(stream), context);
        };
        auto running = dwell::spawn(server.run(listener, wrap));
        const net::tls_client_context trusting = client_context();
        for (int id = 0; id < 3; ++id) {
          net::tcp_stream plain = co_await net::tcp_stream::connect(listener.local());
          auto stream = co_await net::tls_connect(std::move(plain), trusting, server_host);
          co_await ask_often(stream, id);
          const std::string absolute = last_get("https://a/absolute");
          co_await net::write_all(stream, net::bytes_of(absolute));
          const std::vector<answer> rest = all_answers(co_await read_all(stream, 1000));
          EXPECT_EQ(rest.at(0).body, "GET /absolute ");
          co_await stream.shutdown_write();
        }
        net::tcp_stream no_tls = co_await net::tcp_stream::connect(listener.local());
        const std::string request = get("/");
        co_await net::write_all(no_tls, net::bytes_of(request));
        (void)co_await fault_of(read_all(no_tls));
        no_tls.close();
        server.stop();
        co_await running;
        EXPECT_EQ(server.statistics().requests, 33U);
        EXPECT_EQ(server.statistics().broken, 1U);
      }(),
      pool());
}

}  // namespace
