// How requests fail: what the error says of how far they came, and every limit.
#include <atomic>
#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "http/fetching.hpp"
#include "support/for_ever.hpp"

namespace {

using namespace dwell_test;
using namespace std::chrono_literals;
using dwell::task;
using http::delivery;
using http::request_failure;

class a_failing_request : public fetching {
 protected:
  static void run(task<> body) { dwell::run(std::move(body), pool()); }
};
INSTANTIATE_TEST_SUITE_P(reactors, a_failing_request, each_reactor(), reactor_name);

// Long enough to be sure which limit it was, and far from what a loaded machine takes.
constexpr auto soon = 50ms;

// What becomes of a GET of a server that talks like this. Named before it is awaited: GCC 12 loses
// the arguments otherwise.
task<fetch_fault> fault_with(raw_server::conversation talk, http::client_options options = {}) {
  raw_server server(std::move(talk));
  std::optional<fetch_fault> fault;
  {
    http::client client(options);
    fault = co_await fetch_fault_of(fetch_text(client, server.url("/path?secret")));
  }
  co_await server.stop();
  EXPECT_TRUE(fault) << "it did not fail";
  co_return fault.value_or(fetch_fault{});
}

// Answers with `text`, and closes.
raw_server::conversation saying(std::string text) {
  return [text](net::tcp_stream& stream) -> task<> {
    (void)co_await read_head(stream);
    co_await write_text(stream, text);
  };
}
// Answers with `text`, and keeps the connection.
raw_server::conversation saying_and_waiting(std::string text) {
  return [text](net::tcp_stream& stream) -> task<> {
    (void)co_await read_head(stream);
    co_await write_text(stream, text);
    (void)co_await read_all(stream, 100);
  };
}

TEST_P(a_failing_request, says_that_nothing_was_sent_when_nobody_listens) {
  run([]() -> task<> {
    std::string url;
    {
      const net::tcp_listener gone = net::tcp_listener::bind(net::endpoint::loopback(0));
      url = "http://" + gone.local().to_string() + "/";
    }
    http::client client;
    const auto fault = co_await fetch_fault_of(client.get(url));
    EXPECT_TRUE(fault);
    if (!fault) co_return;
    EXPECT_EQ(fault->how_far, delivery::nothing_sent);
    EXPECT_EQ(fault->reason, request_failure::not_connected);
    EXPECT_NE(fault->what.find(url + ": nothing sent: "), std::string::npos) << fault->what;
  }());
}

TEST_P(a_failing_request, says_that_there_was_no_answer_when_the_server_closes) {
  run([]() -> task<> {
    auto fault_asked = fault_with(saying(""));
    const fetch_fault fault = co_await std::move(fault_asked);
    EXPECT_EQ(fault.how_far, delivery::no_answer);
    EXPECT_EQ(fault.reason, request_failure::broken);
    EXPECT_EQ(fault.what.find("secret"), std::string::npos) << fault.what;
  }());
}

TEST_P(a_failing_request, says_that_the_answer_is_partial_when_it_is_cut) {
  run([]() -> task<> {
    const std::string head = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n";
    for (const std::string& cut :
         {std::string("HTTP/1.1 200 OK\r\nA: b\r\n"), head, head + "12345"}) {
      auto fault_asked = fault_with(saying(cut));
      const fetch_fault fault = co_await std::move(fault_asked);
      EXPECT_EQ(fault.how_far, delivery::partial_answer) << cut;
      EXPECT_EQ(fault.reason, request_failure::broken) << cut;
    }
    auto chunked_asked =
        fault_with(saying("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nabcde\r\n"));
    const fetch_fault chunked = co_await std::move(chunked_asked);
    EXPECT_EQ(chunked.reason, request_failure::broken);
  }());
}

TEST_P(a_failing_request, gives_what_came_before_the_cut) {
  run([]() -> task<> {
    raw_server server(saying("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"));
    {
      http::client client;
      http::client_response answer = co_await client.get(server.url());
      std::string got;
      const auto read = [&]() -> task<> {
        for (;;) {
          const std::string part = co_await answer.next();
          if (part.empty()) co_return;
          got += part;
        }
      };
      const auto fault = co_await fetch_fault_of(read());
      EXPECT_TRUE(fault);
      EXPECT_EQ(got, "12345");
    }
    co_await server.stop();
  }());
}

TEST_P(a_failing_request, was_answered_by_something_else_than_http) {
  run([]() -> task<> {
    auto fault_asked = fault_with(saying("SSH-2.0-none\r\n"));
    const fetch_fault fault = co_await std::move(fault_asked);
    EXPECT_EQ(fault.reason, request_failure::malformed);
  }());
}

// ---- Limits on time ----

TEST_P(a_failing_request, has_a_limit_for_the_first_byte) {
  run([]() -> task<> {
    http::client_options options;
    options.times.first_byte = soon;
    auto fault_asked = fault_with(saying_and_waiting(""), options);
    const fetch_fault fault = co_await std::move(fault_asked);
    EXPECT_EQ(fault.reason, request_failure::timed_out);
    EXPECT_EQ(fault.how_far, delivery::no_answer);
    EXPECT_NE(fault.what.find("first byte"), std::string::npos) << fault.what;
  }());
}

TEST_P(a_failing_request, has_a_limit_for_a_body_that_falls_silent) {
  run([]() -> task<> {
    http::client_options options;
    options.times.idle = soon;
    const std::string part = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345";
    auto fault_asked = fault_with(saying_and_waiting(part), options);
    const fetch_fault fault = co_await std::move(fault_asked);
    EXPECT_EQ(fault.reason, request_failure::timed_out);
    EXPECT_EQ(fault.how_far, delivery::partial_answer);
    EXPECT_NE(fault.what.find("idle"), std::string::npos) << fault.what;
  }());
}

TEST_P(a_failing_request, has_a_limit_for_the_whole_which_a_busy_body_does_not_move) {
  run([]() -> task<> {
    http::client_options options;
    options.times.total = 2 * soon;
    const auto talk = [](net::tcp_stream& stream) -> task<> {
      (void)co_await read_head(stream);
      co_await write_text(stream, "HTTP/1.1 200 OK\r\n\r\n");
      try {
        for (;;) {
          co_await write_text(stream, "more");
          co_await dwell::sleep_for(1ms);
        }
      } catch (const net::error&) {  // the client left, as it should
      }
    };
    auto fault_asked = fault_with(talk, options);
    const fetch_fault fault = co_await std::move(fault_asked);
    EXPECT_EQ(fault.reason, request_failure::timed_out);
    EXPECT_NE(fault.what.find("total"), std::string::npos) << fault.what;
  }());
}

// ---- Limits on size ----

TEST_P(a_failing_request, has_a_limit_for_the_head) {
  run([]() -> task<> {
    http::client_options options;
    options.limits.header_bytes = 100;
    const std::string long_field = "HTTP/1.1 200 OK\r\nA: " + std::string(100, 'a') + "\r\n\r\n";
    auto bytes_asked = fault_with(saying(long_field), options);
    const fetch_fault bytes = co_await std::move(bytes_asked);
    EXPECT_EQ(bytes.reason, request_failure::too_large);
    http::client_options few;
    few.limits.header_count = 2;
    auto count_asked = fault_with(saying("HTTP/1.1 200 OK\r\na: 1\r\nb: 2\r\nc: 3\r\n\r\n"), few);
    const fetch_fault count = co_await std::move(count_asked);
    EXPECT_EQ(count.reason, request_failure::too_large);
  }());
}

TEST_P(a_failing_request, ends_a_flood_of_header_fields) {
  run([]() -> task<> {
    const auto flood = [](net::tcp_stream& stream) -> task<> {
      (void)co_await read_head(stream);
      co_await write_text(stream, "HTTP/1.1 200 OK\r\n");
      try {
        for (;;) co_await write_text(stream, "a: b\r\n");
      } catch (const net::error&) {  // the client left, as it should
      }
    };
    auto fault_asked = fault_with(flood);
    const fetch_fault fault = co_await std::move(fault_asked);
    EXPECT_EQ(fault.reason, request_failure::too_large);
  }());
}

TEST_P(a_failing_request, has_a_limit_for_the_body) {
  run([]() -> task<> {
    http::client_options options;
    options.limits.body = 9;
    const std::string answer = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n1234567890";
    auto fault_asked = fault_with(saying(answer), options);
    const fetch_fault fault = co_await std::move(fault_asked);
    EXPECT_EQ(fault.reason, request_failure::too_large);
    EXPECT_EQ(fault.how_far, delivery::partial_answer);
  }());
}

// ---- The pool ----

TEST_P(a_failing_request, names_those_who_hold_the_pool) {
  run([]() -> task<> {
    counts c;
    served server([&c](http::request&) -> task<http::response> {
      co_await sleeps_for_ever(c);
      co_return http::response(200);
    });
    {
      http::client_options options;
      options.per_origin = 2;
      options.times.pool = soon;
      http::client client(options);
      auto one = dwell::spawn(client.get(server.url("/one")));
      auto two = dwell::spawn(client.get(server.url("/two")));
      while (c.started < 2) co_await dwell::yield_now();
      const auto fault = co_await fetch_fault_of(client.get(server.url("/three")));
      EXPECT_TRUE(fault);
      if (fault) {
        EXPECT_EQ(fault->reason, request_failure::pool_exhausted);
        EXPECT_EQ(fault->how_far, delivery::nothing_sent);
        for (const char* const part :
             {"2 of 2 requests", "/one (waiting for the answer, ", "/two ("})
          EXPECT_NE(fault->what.find(part), std::string::npos) << fault->what;
      }
      (void)one.cancel();
      (void)two.cancel();
      co_await one.wait();
      co_await two.wait();
    }
    while (c.cancelled < 2) co_await dwell::yield_now();
    co_await server.stop();
  }());
}

TEST_P(a_failing_request, gives_its_place_back) {
  run([]() -> task<> {
    raw_server server(saying("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12345"));
    {
      http::client_options options;
      options.per_origin = 1;
      options.requests = 1;
      http::client client(options);
      for (int i = 0; i < 20; ++i)
        EXPECT_TRUE(co_await fetch_fault_of(fetch_text(client, server.url())));
    }
    co_await server.stop();
  }());
}

// ---- Kept connections ----

// The server closes each connection with its answer, without having said so: the next request finds
// it closed, or is closed upon.
TEST_P(a_failing_request, is_sent_again_only_when_that_does_no_harm) {
  run([]() -> task<> {
    std::atomic<int> posts{0};
    raw_server server([&posts](net::tcp_stream& stream) -> task<> {
      const std::string head = co_await read_head(stream);
      if (head.starts_with("POST")) ++posts;
      co_await write_text(stream, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
      // The next request of this connection is read and not answered.
      const std::string next = co_await read_head(stream);
      if (next.starts_with("POST")) ++posts;
    });
    {
      http::client client;
      for (int i = 0; i < 20; ++i) EXPECT_EQ(co_await fetch_text(client, server.url()), "ok");
      for (int i = 0; i < 20; ++i) {
        const int before = posts;
        const auto fault = co_await fetch_fault_of(client.post(server.url(), "body"));
        EXPECT_EQ(posts - before, 1) << "it was sent twice";
        if (fault) {
          EXPECT_EQ(fault->how_far, delivery::no_answer);
        }
        const int before_empty = posts;
        const auto none = co_await fetch_fault_of(client.post(server.url(), "", ""));
        EXPECT_EQ(posts - before_empty, 1) << "it was sent twice";
      }
    }
    co_await server.stop();
  }());
}

}  // namespace
