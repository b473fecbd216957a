// The client through a proxy that the tests play.
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/net/copy.hpp>

#include "http/fetching.hpp"
#include "net/tls_parties.hpp"

namespace {

using namespace dwell_test;
using dwell::task;
using http::delivery;
using http::request_failure;

class a_client_behind_a_proxy : public fetching {
 protected:
  static void run(task<> body) { dwell::run(std::move(body), pool()); }
};
INSTANTIATE_TEST_SUITE_P(reactors, a_client_behind_a_proxy, each_reactor(), reactor_name);

http::client_options through(const std::string& proxy) {
  http::client_options options;
  options.proxy = proxy;
  options.insecure_skip_verification = true;
  return options;
}

TEST_P(a_client_behind_a_proxy, asks_it_for_a_host_that_it_need_not_resolve) {
  run([]() -> task<> {
    raw_server proxy([](net::tcp_stream& stream) -> task<> {
      std::string head = co_await read_head(stream);
      head.resize(head.find("\r\n"));
      const std::string length = std::to_string(head.size());
      co_await write_text(stream,
                          "HTTP/1.1 200 OK\r\nContent-Length: " + length + "\r\n\r\n" + head);
    });
    {
      http::client client(through(proxy.url()));
      EXPECT_EQ(co_await fetch_text(client, "http://host.invalid/path?query"),
                "GET http://host.invalid/path?query HTTP/1.1");
    }
    co_await proxy.stop();
  }());
}

// Lets one connection through, to wherever it says, and counts.
raw_server::conversation tunnel_to(net::endpoint target, std::string& asked) {
  return [target, &asked](net::tcp_stream& client) -> task<> {
    asked = co_await read_head(client);
    net::tcp_stream server = co_await net::tcp_stream::connect(target);
    co_await write_text(client, "HTTP/1.1 200 let through\r\nX-Proxy: yes\r\n\r\n");
    auto both = dwell::race(net::copy(client, server), net::copy(server, client));
    (void)co_await std::move(both);
  };
}

TEST_P(a_client_behind_a_proxy, reaches_a_secure_server_through_a_tunnel) {
  run([]() -> task<> {
    served server(&echo, server_context());
    std::string asked;
    raw_server proxy(tunnel_to(server.at(), asked));
    {
      http::client client(through(proxy.url()));
      for (int i = 0; i < 2; ++i) {
        http::client_response answer = co_await client.get("https://host.invalid/x");
        EXPECT_FALSE(answer.headers.get("X-Proxy")) << "the tunnel's head is not the answer's";
        EXPECT_EQ(co_await answer.text(), "GET /x ");
      }
    }
    co_await proxy.stop();
    co_await server.stop();
    EXPECT_TRUE(asked.starts_with("CONNECT host.invalid:443 HTTP/1.1\r\n")) << asked;
    EXPECT_EQ(server.statistics().connections, 1U);
  }());
}

TEST_P(a_client_behind_a_proxy, has_sent_nothing_when_no_tunnel_is_made) {
  run([]() -> task<> {
    raw_server proxy([](net::tcp_stream& stream) -> task<> {
      (void)co_await read_head(stream);
      co_await write_text(stream, "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n");
    });
    {
      http::client client(through(proxy.url()));
      const auto fault = co_await fetch_fault_of(client.post("https://host.invalid/", "secret"));
      EXPECT_TRUE(fault);
      if (fault) {
        EXPECT_EQ(fault->how_far, delivery::nothing_sent);
        EXPECT_NE(fault->what.find("403"), std::string::npos) << fault->what;
      }
    }
    co_await proxy.stop();
  }());
}

TEST_P(a_client_behind_a_proxy, that_is_not_there_is_not_connected) {
  run([]() -> task<> {
    std::string gone;
    {
      const net::tcp_listener closed = net::tcp_listener::bind(net::endpoint::loopback(0));
      gone = "http://" + closed.local().to_string();
    }
    http::client client(through(gone));
    const auto fault = co_await fetch_fault_of(client.get("http://host.invalid/"));
    EXPECT_TRUE(fault && fault->how_far == delivery::nothing_sent &&
                fault->reason == request_failure::not_connected);
  }());
}

}  // namespace
