// The server while an answer is being made: streams, requests in pieces, and back-pressure.
#include <atomic>
#include <cstddef>
#include <gtest/gtest.h>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/http/server.hpp>
#include <dwell/net/copy.hpp>

#include "http/handlers.hpp"
#include "http/talking.hpp"
#include "net/scripted_stream.hpp"
#include "support/cancel_when.hpp"

namespace {

using namespace dwell_test;
using dwell::task;

using a_streaming_server = on_http_workers;
INSTANTIATE_TEST_SUITE_P(workers, a_streaming_server, each_worker_count());

// ---- Streams ----

TEST_P(a_streaming_server, sends_each_piece_when_it_is_written) {
  run([]() -> task<> {
    dwell::auto_reset_event next;
    const auto pieces = [&next](http::body_writer& out) -> task<> {
      static constexpr std::string_view all[] = {"one", "", "two", "three"};
      for (const std::string_view piece : all) {
        co_await next.wait();
        co_await out.write(piece);
      }
    };
    http::server server(streaming(pieces), without_date());
    talk t(server);
    co_await t.send(get("/"));
    std::string head;
    while (!head.ends_with("\r\n\r\n")) head += co_await read_text(t.here);
    EXPECT_EQ(head,
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n");
    next.set();
    EXPECT_EQ(co_await read_text(t.here), "3\r\none\r\n");
    next.set();
    while (next.is_set()) co_await dwell::yield_now();
    next.set();
    EXPECT_EQ(co_await read_text(t.here), "3\r\ntwo\r\n");
    next.set();
    t.received = head + "3\r\none\r\n3\r\ntwo\r\n";
    const std::vector<answer> all = co_await t.answers(1);
    EXPECT_EQ(all.at(0).body, "onetwothree");
    EXPECT_TRUE(all.at(0).complete);
    co_await t.send(get("/"));
    EXPECT_EQ(co_await read_text(t.here, 12), "HTTP/1.1 200") << "the connection is kept";
    co_await t.hang_up();
  }());
}

TEST_P(a_streaming_server, sends_no_body_for_a_head) {
  run([]() -> task<> {
    const auto nothing = [](http::body_writer&) -> task<> {
      ADD_FAILURE() << "nobody wants it";
      co_return;
    };
    http::server server(streaming(nothing));
    talk t(server);
    co_await t.send("HEAD / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
    EXPECT_TRUE((co_await t.rest()).ends_with("chunked\r\nConnection: close\r\n\r\n"));
    co_await t.hang_up();
  }());
}

TEST_P(a_streaming_server, ends_a_stream_to_http_1_0_with_the_connection) {
  run([]() -> task<> {
    const auto pieces = [](http::body_writer& out) -> task<> {
      co_await out.write("one");
      co_await out.write("");
      co_await out.write("two");
    };
    http::server server(streaming(pieces), without_date());
    talk t(server);
    co_await t.send("GET / HTTP/1.0\r\n\r\n");
    EXPECT_EQ(co_await t.rest(),
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\nonetwo");
    co_await t.hang_up();
  }());
}

// The end of the connection would tell the client that it has all.
TEST_P(a_streaming_server, does_not_end_the_connection_when_a_stream_to_http_1_0_fails) {
  run([]() -> task<> {
    const auto fails = [](http::body_writer& out) -> task<> {
      co_await out.write("half");
      throw http::status_error(502, "the other half is lost");
    };
    http::server_options options;
    options.allow_half_close = true;  // the script ends before it is answered
    http::server server(streaming(fails), options);
    scripted_stream script{.pieces = {"GET / HTTP/1.0\r\n\r\n"}};
    co_await server.serve<scripted_stream&>(script);
    EXPECT_TRUE(script.written.ends_with("\r\n\r\nhalf"));
    EXPECT_FALSE(script.write_ended);
    EXPECT_EQ(server.statistics().broken, 1U);
  }());
}

TEST_P(a_streaming_server, breaks_the_connection_when_a_stream_fails) {
  run([]() -> task<> {
    const auto fails = [](http::body_writer& out) -> task<> {
      co_await out.write("half");
      throw std::runtime_error("the other half is lost");
    };
    http::server server(streaming(fails));
    const std::vector<answer> all = co_await ask(server, get("/") + get("/"));
    EXPECT_EQ(all.size(), 1U);
    EXPECT_EQ(all.at(0).body, "half");
    EXPECT_FALSE(all.at(0).complete);
    EXPECT_EQ(server.statistics().failed, 1U);
  }());
  EXPECT_EQ(unobserved, 1);
}

TEST_P(a_streaming_server, breaks_the_connection_when_a_write_was_called_off) {
  run([]() -> task<> {
    std::atomic<bool> has_begun{false};
    dwell::event given_up;
    const auto gives_up = [&](http::body_writer& out) -> task<> {
      const std::string large(100'000, 'x');
      co_await cancel_when(out.write(large), [&] { return has_begun.load(); });
      bool refused = false;
      try {
        co_await out.write("more");
      } catch (const net::error&) {
        refused = true;
      }
      EXPECT_TRUE(refused) << "nobody knows what the client has";
      given_up.set();
    };
    http::server server(streaming(gives_up));
    talk t(server, 1000);
    co_await t.send(get("/"));
    std::string text;
    while (!text.ends_with("\r\nx")) text += co_await read_text(t.here, 1);
    has_begun = true;
    co_await given_up.wait();
    text += co_await t.rest();
    const std::vector<answer> all = all_answers(text);
    EXPECT_EQ(all.size(), 1U);
    EXPECT_FALSE(all.at(0).complete);
    co_await t.hang_up();
  }());
}

TEST_P(a_streaming_server, copies_a_request_into_its_answer) {
  run([]() -> task<> {
    http::server server([](http::request& asked) -> task<http::response> {
      auto copy = [&asked](http::body_writer& out) -> task<> {
        (void)co_await net::copy(asked.body, out);
      };
      co_return http::response::streamed(std::move(copy), "text/plain");
    });
    const std::string large(300'000, 'x');
    const std::vector<answer> all =
        co_await ask(server, post("/", large) + post_chunked("/", large, "!") + last_get("/"));
    EXPECT_EQ(all.size(), 3U);
    EXPECT_EQ(all.at(0).body, large);
    EXPECT_EQ(all.at(1).body, large + "!");
    EXPECT_EQ(all.at(2).body, "");
    EXPECT_TRUE(all.at(2).complete);
  }());
}

// ---- Pieces ----

task<std::string> answer_script(http::server& server, scripted_stream script) {
  script.most_per_write = 7;
  co_await server.serve<scripted_stream&>(script);
  EXPECT_TRUE(script.write_ended);
  co_return script.written;
}

task<std::string> answer_in_pieces(http::server& server, const std::string& a,
                                   const std::string& b) {
  scripted_stream script{.pieces = {a}};
  if (!b.empty()) script.pieces.push_back(b);
  return answer_script(server, std::move(script));
}

task<std::string> answer_bytes(http::server& server, const std::string& all) {
  scripted_stream script;
  for (const char c : all) script.pieces.emplace_back(1, c);
  return answer_script(server, std::move(script));
}

TEST_P(a_streaming_server, answers_the_same_wherever_requests_are_split) {
  run([]() -> task<> {
    http::server_options options = without_date();
    options.allow_half_close = true;  // the script ends before it is answered
    http::server server(&echo, options);
    const std::string all =
        get("/1") + post("/2", "two") + "\r\n" + post_chunked("/3", "th", "ree") + last_get("/4");
    const std::string wanted = co_await answer_in_pieces(server, all, "");
    EXPECT_EQ(all_answers(wanted).size(), 4U);
    for (std::size_t a = 1; a < all.size(); ++a) {
      const std::string got = co_await answer_in_pieces(server, all.substr(0, a), all.substr(a));
      EXPECT_EQ(got, wanted) << "cut at " << a;
    }
    EXPECT_EQ(co_await answer_bytes(server, all), wanted);
  }());
}

// ---- Back-pressure ----

task<> send_counting(net::duplex_stream& to, const std::string& text,
                     std::atomic<std::size_t>& sent) {
  net::const_bytes left = net::bytes_of(text);
  while (!left.empty()) {
    const std::size_t some = co_await to.write_some(left);
    sent += some;
    left = left.subspan(some);
  }
}

TEST_P(a_streaming_server, takes_no_more_of_a_body_than_the_handler_reads) {
  run([]() -> task<> {
    dwell::event read_on;
    http::server server([&read_on](http::request& asked) -> task<http::response> {
      std::byte first[1];
      EXPECT_EQ(co_await asked.body.read_some(first), 1U);
      co_await read_on.wait();
      const std::string rest = co_await asked.body.read_all();
      co_return http::response(200, std::to_string(1 + rest.size()));
    });
    talk t(server, 1000);
    const std::string request = post("/", std::string(1'000'000, 'x'));
    std::atomic<std::size_t> sent{0};
    auto sending = dwell::spawn(send_counting(t.here, request, sent));
    while (server.statistics().requests == 0) co_await dwell::yield_now();
    for (int i = 0; i < 1000; ++i) co_await dwell::yield_now();
    EXPECT_LT(sent, 40'000U) << "what fits into the pipe and the buffer";
    read_on.set();
    const std::vector<answer> all = co_await t.answers(1);
    EXPECT_EQ(all.at(0).body, "1000000");
    co_await sending;
    co_await t.hang_up();
  }());
}

TEST_P(a_streaming_server, reads_ahead_of_its_answer_no_more_than_a_buffer) {
  run([]() -> task<> {
    dwell::event go_on;
    http::server server([&go_on](http::request&) -> task<http::response> {
      co_await go_on.wait();
      co_return http::response(200);
    });
    talk t(server, 1000);
    std::string requests;
    for (int i = 0; i < 5000; ++i) requests += get("/");
    requests += last_get("/");
    std::atomic<std::size_t> sent{0};
    auto sending = dwell::spawn(send_counting(t.here, requests, sent));
    while (server.statistics().requests == 0) co_await dwell::yield_now();
    for (int i = 0; i < 1000; ++i) co_await dwell::yield_now();
    EXPECT_LT(sent, 60'000U);
    go_on.set();
    const std::vector<answer> all = all_answers(co_await t.rest());
    EXPECT_EQ(all.size(), 5001U);
    co_await sending;
    co_await t.hang_up();
  }());
}

}  // namespace
