// The client in TLS: whom it believes, and that it waits no longer than it should.
#include <chrono>
#include <gtest/gtest.h>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>

#include "foreign/program.hpp"
#include "http/fetching.hpp"
#include "net/tls_parties.hpp"
#include "support/cancel_when.hpp"

namespace {

using namespace dwell_test;
using namespace std::chrono_literals;
using dwell::task;
using http::delivery;
using http::request_failure;

class a_secure_client : public fetching {
 protected:
  static void run(task<> body) { dwell::run(std::move(body), pool()); }

  [[nodiscard]] http::client_options trusting() const {
    http::client_options options;
    options.ca_file = ca_file_;
    return options;
  }
  // A request that TLS stops: nobody sees it.
  static task<> expect_refused(const http::client_options& options, std::string host) {
    served server(&echo, server_context());
    {
      http::client client(options);
      std::string url = server.url();
      url.replace(url.find("127.0.0.1"), 9, host);
      const auto fault = co_await fetch_fault_of(client.post(url, "secret"));
      EXPECT_TRUE(fault);
      if (fault) {
        EXPECT_EQ(fault->how_far, delivery::nothing_sent);
        EXPECT_EQ(fault->reason, request_failure::not_trusted) << fault->what;
      }
    }
    co_await server.stop();
    EXPECT_EQ(server.statistics().requests, 0U);
  }

 private:
  const scratch_folder folder_;
  const std::string ca_file_ = folder_.file("ca.pem", trusted().pem());
};
INSTANTIATE_TEST_SUITE_P(reactors, a_secure_client, each_reactor(), reactor_name);

TEST_P(a_secure_client, keeps_its_connection) {
  run([](http::client_options options) -> task<> {
    served server(&echo, server_context());
    {
      http::client client(options);
      for (int i = 0; i < 3; ++i) {
        http::client_response answer = co_await client.post(server.url("/x"), "body");
        EXPECT_EQ(co_await answer.text(), "POST /x body");
      }
    }
    co_await server.stop();
    EXPECT_EQ(server.statistics().connections, 1U);
  }(trusting()));
}

TEST_P(a_secure_client, refuses_a_server_whose_authority_it_does_not_know) {
  run(expect_refused({}, "127.0.0.1"));
}

TEST_P(a_secure_client, refuses_a_server_that_is_somebody_else) {
  run(expect_refused(trusting(), "localhost"));
}

TEST_P(a_secure_client, believes_everybody_when_it_is_told_to) {
  run([]() -> task<> {
    served server(&echo, server_context());
    {
      http::client_options options;
      options.insecure_skip_verification = true;
      http::client client(options);
      EXPECT_EQ(co_await fetch_text(client, server.url("/x")), "GET /x ");
    }
    co_await server.stop();
  }());
}

// ---- A server that lets us in, and says nothing ----

task<> hear_it_out(net::tcp_stream& stream) { (void)co_await read_all(stream, 1000); }

std::string secure(std::string url) { return url.replace(0, 4, "https"); }

TEST_P(a_secure_client, has_a_limit_for_the_connection_with_its_handshake) {
  run([](http::client_options options) -> task<> {
    raw_server server(&hear_it_out);
    {
      options.times.connect = 50ms;
      http::client client(options);
      const auto fault = co_await fetch_fault_of(client.get(secure(server.url())));
      EXPECT_TRUE(fault);
      if (fault) {
        EXPECT_EQ(fault->how_far, delivery::nothing_sent);
        EXPECT_EQ(fault->reason, request_failure::timed_out);
        EXPECT_NE(fault->what.find("connect"), std::string::npos) << fault->what;
      }
    }
    co_await server.stop();
  }(trusting()));
}

TEST_P(a_secure_client, closes_its_connection_when_it_is_cancelled_in_the_handshake) {
  run([](http::client_options options) -> task<> {
    dwell::event began;
    dwell::event ended;
    raw_server server([&](net::tcp_stream& stream) -> task<> {
      (void)co_await read_text(stream, 1000);
      began.set();
      co_await hear_it_out(stream);
      ended.set();
    });
    {
      http::client client(options);
      const auto asks = [&]() -> task<> { (void)co_await client.get(secure(server.url())); };
      co_await cancel_when(asks(), [&] { return began.is_set(); });
      co_await ended.wait();
    }
    co_await server.stop();
  }(trusting()));
}

}  // namespace
