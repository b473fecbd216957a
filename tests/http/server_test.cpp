// The server over a connection in memory: what it answers, and when it closes.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/http/server.hpp>

#include "http/handlers.hpp"
#include "http/talking.hpp"

namespace {

using namespace dwell_test;
using dwell::task;

using an_http_server = on_http_workers;
INSTANTIATE_TEST_SUITE_P(workers, an_http_server, each_worker_count());

// The statuses and bodies of answers, for one comparison.
std::string summary(const std::vector<answer>& answers) {
  std::string text;
  for (const answer& a : answers) {
    text += std::to_string(a.status) + ' ' + a.body;
    if (!a.complete) text += "(incomplete)";
    text += a.closes() ? ". " : "| ";
  }
  return text;
}

TEST_P(an_http_server, answers_a_request_to_the_byte) {
  run([]() -> task<> {
    http::server server(&echo, without_date());
    talk t(server);
    co_await t.send(last_get("/a?b"));
    EXPECT_EQ(co_await t.rest(),
              "HTTP/1.1 200 OK\r\nContent-Type: text/plain; charset=utf-8\r\n"
              "Content-Length: 9\r\nConnection: close\r\n\r\nGET /a?b ");
    co_await t.hang_up();
  }());
}

TEST_P(an_http_server, keeps_a_connection_from_one_request_to_the_next) {
  run([]() -> task<> {
    http::server server(&echo);
    talk t(server);
    for (std::size_t i = 1; i <= 5; ++i) {
      co_await t.send(post("/", std::to_string(i)));
      const std::vector<answer> all = co_await t.answers(i);
      EXPECT_EQ(all.size(), i);
      EXPECT_EQ(all.back().body, "POST / " + std::to_string(i));
      EXPECT_FALSE(all.back().closes());
    }
    co_await t.hang_up();
    EXPECT_EQ(server.statistics().requests, 5U);
    EXPECT_EQ(server.statistics().connections, 1U);
    EXPECT_EQ(server.statistics().open, 0U);
  }());
}

TEST_P(an_http_server, answers_pipelined_requests_in_their_order) {
  run([]() -> task<> {
    http::server server(&echo);
    const std::vector<answer> all = co_await ask(
        server, get("/1") + post("/2", "two") + post_chunked("/3", "th", "ree") + "\r\n" +
                    get("/4") + post("/5", "") + last_get("/6") + get("/never"));
    EXPECT_EQ(summary(all),
              "200 GET /1 | 200 POST /2 two| 200 POST /3 three| 200 GET /4 | "
              "200 POST /5 | 200 GET /6 . ");
  }());
}

TEST_P(an_http_server, answers_a_head_without_the_body_that_it_tells_the_length_of) {
  run([]() -> task<> {
    http::server server(&echo);
    talk t(server);
    co_await t.send("HEAD /a HTTP/1.1\r\nHost: a\r\n\r\n" + last_get("/b"));
    const std::string text = co_await t.rest();
    answers_in from(text);
    answer a;
    EXPECT_TRUE(from.next(a, true));
    EXPECT_EQ(a.header("content-length"), "8") << "of 'HEAD /a '";
    EXPECT_TRUE(from.next(a));
    EXPECT_EQ(a.body, "GET /b ");
    co_await t.hang_up();
  }());
}

TEST_P(an_http_server, gives_no_body_to_answers_that_have_none) {
  run([]() -> task<> {
    http::server server([](http::request& asked) -> task<http::response> {
      co_return http::response(asked.target == "/a" ? 204 : 304, "", "");
    });
    const std::vector<answer> all = co_await ask(server, get("/a") + last_get("/b"));
    EXPECT_EQ(summary(all), "204 | 304 . ");
    EXPECT_EQ(all[0].header("content-length"), "");
    EXPECT_EQ(all[1].header("content-length"), "");
  }());
}

TEST_P(an_http_server, closes_after_a_request_of_http_1_0) {
  run([]() -> task<> {
    http::server server(&echo);
    const std::vector<answer> all = co_await ask(
        server, "GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /b HTTP/1.0\r\n\r\n");
    EXPECT_EQ(summary(all), "200 GET /a . ");
  }());
}

TEST_P(an_http_server, closes_when_the_handler_says_so) {
  run([]() -> task<> {
    http::server server([](http::request&) -> task<http::response> {
      http::response last(200, "last");
      last.headers.set("Connection", "close");
      co_return last;
    });
    const std::vector<answer> all = co_await ask(server, get("/a") + get("/b"));
    EXPECT_EQ(summary(all), "200 last. ");
  }());
}

TEST_P(an_http_server, sends_large_bodies_whole) {
  run([]() -> task<> {
    http::server server(&echo);
    const std::string large(1'000'000, 'x');
    const std::vector<answer> all =
        co_await ask(server, post("/", large) + post_chunked("/", large) + last_get("/"));
    EXPECT_EQ(all.size(), 3U);
    EXPECT_EQ(all[0].body, "POST / " + large);
    EXPECT_EQ(all[1].body, all[0].body);
    EXPECT_EQ(all[2].body, "GET / ");
  }());
}

TEST_P(an_http_server, shows_the_handler_what_was_asked) {
  run([]() -> task<> {
    http::server server([](http::request& asked) -> task<http::response> {
      std::string text(asked.path());
      text.append(1, '!').append(asked.query()).append(1, '!');
      text += asked.headers.get("x-a").value_or("none");
      co_return http::response(200, std::move(text));
    });
    const std::vector<answer> all =
        co_await ask(server, get("/a/b?c=d?e", "X-A: 1\r\n") + last_get("/f"));
    EXPECT_EQ(summary(all), "200 /a/b!c=d?e!1| 200 /f!!none. ");
  }());
}

// ---- Refusals ----

TEST_P(an_http_server, refuses_a_bad_request_and_closes) {
  run([]() -> task<> {
    http::server server(&echo);
    const std::vector<answer> all =
        co_await ask(server, get("/a") + "GET /b HTTP/1.1\nHost: a\n\n" + get("/c"));
    EXPECT_EQ(summary(all), "200 GET /a | 400 a line ends with a bare LF\n. ");
    EXPECT_EQ(server.statistics().requests, 1U);
    EXPECT_EQ(server.statistics().refused, 1U);
  }());
}

TEST_P(an_http_server, refuses_an_address_of_https_without_tls) {
  run([]() -> task<> {
    http::server server(&echo);
    const auto all = co_await ask(server, get("http://a/1") + get("https://a/2") + get("/3"));
    EXPECT_EQ(all.size(), 2U);
    EXPECT_EQ(all.at(0).body, "GET /1 ");
    EXPECT_EQ(all.at(1).status, 421);
    EXPECT_TRUE(all.at(1).closes());
  }());
}

TEST_P(an_http_server, answers_nothing_behind_a_request_that_could_be_two) {
  run([]() -> task<> {
    http::server server(&echo);
    const std::string hidden = get("/hidden");
    const std::string both = "Content-Length: " + std::to_string(5 + hidden.size()) +
                             "\r\nTransfer-Encoding: chunked\r\n";
    const std::vector<answer> all =
        co_await ask(server, "POST / HTTP/1.1\r\nHost: a\r\n" + both + "\r\n0\r\n\r\n" + hidden);
    EXPECT_EQ(summary(all), "400 the length of the body is given more than once\n. ");
  }());
}

TEST_P(an_http_server, refuses_what_is_beyond_its_limits) {
  run([]() -> task<> {
    http::server_options options;
    options.limits = {.request_line = 100, .header_count = 3, .header_bytes = 60, .body = 10};
    http::server server(&echo, options);
    const std::string long_one(200, 'x');
    const std::vector<answer> line = co_await ask(server, get("/" + long_one));
    EXPECT_EQ(line.at(0).status, 414);
    const std::vector<answer> bytes = co_await ask(server, get("/", "A: " + long_one + "\r\n"));
    EXPECT_EQ(bytes.at(0).status, 431);
    const std::vector<answer> count = co_await ask(server, get("/", "A:\r\nB:\r\nC:\r\n"));
    EXPECT_EQ(count.at(0).status, 431);
    const std::vector<answer> length = co_await ask(server, post("/", long_one));
    EXPECT_EQ(length.at(0).status, 413);
    const std::vector<answer> chunks = co_await ask(server, post_chunked("/", "123456", "7890a"));
    EXPECT_EQ(chunks.at(0).status, 413);
    EXPECT_TRUE(chunks.at(0).closes()) << "where the next request would begin is not known";
  }());
}

// Sends fields without end, until it is answered.
class endless_head {
 public:
  std::size_t read_before_answer = 0;
  std::string written{};

  task<std::size_t> read_some(net::bytes to) {
    if (!written.empty()) co_return 0;
    const net::const_bytes field = net::bytes_of(read_before_answer == 0 ? line : lines);
    const std::size_t count = std::min(to.size(), field.size());
    std::ranges::copy(field.first(count), to.begin());
    read_before_answer += count;
    co_return count;
  }
  task<std::size_t> write_some(net::const_bytes from) {
    written += net::text_of(from);
    co_return from.size();
  }
  task<> shutdown_write() { co_return; }

 private:
  static constexpr std::string_view line = "GET / HTTP/1.1\r\n";
  static constexpr std::string_view lines = "a:\r\nbb: 123456789\r\n";
};

TEST_P(an_http_server, reads_no_more_than_its_limits_of_a_head_without_end) {
  run([]() -> task<> {
    http::server_options options;
    options.limits.header_count = SIZE_MAX;
    http::server server(&echo, options);
    endless_head flood;
    co_await server.serve<endless_head&>(flood);
    EXPECT_EQ(all_answers(flood.written).at(0).status, 431);
    const std::size_t most = options.limits.header_bytes;
    EXPECT_GT(flood.read_before_answer, most);
    EXPECT_LT(flood.read_before_answer, 2 * most) << "the ends of lines are not counted";
  }());
}

TEST_P(an_http_server, refuses_a_bad_body_that_the_handler_reads) {
  run([]() -> task<> {
    http::server server(&echo);
    const std::vector<answer> all = co_await ask(
        server, "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n" +
                    get("/hidden"));
    EXPECT_EQ(summary(all), "400 a line is too long\n. ");
  }());
}

// ---- What handlers throw ----

TEST_P(an_http_server, answers_with_the_status_that_a_handler_throws) {
  run([]() -> task<> {
    http::server server([](http::request&) -> task<http::response> {
      throw http::status_error(404, "no such thing");
      co_return http::response();
    });
    const std::vector<answer> all = co_await ask(server, get("/") + last_get("/"));
    EXPECT_EQ(summary(all), "404 no such thing\n| 404 no such thing\n. ");
    EXPECT_EQ(server.statistics().failed, 0U);
  }());
  EXPECT_EQ(unobserved, 0);
}

TEST_P(an_http_server, hides_what_else_a_handler_throws_and_reports_it) {
  run([]() -> task<> {
    http::server server([](http::request& asked) -> task<http::response> {
      if (asked.target == "/a") throw std::runtime_error("the password is x");
      if (asked.target == "/b") throw 7;
      throw dwell::timed_out("a call of the handler's own");
      co_return http::response();
    });
    const std::vector<answer> all = co_await ask(server, get("/a") + get("/b") + last_get("/c"));
    EXPECT_EQ(summary(all),
              "500 internal server error\n| 500 internal server error\n| "
              "500 internal server error\n. ");
    EXPECT_EQ(server.statistics().failed, 3U);
  }());
  EXPECT_EQ(unobserved, 3);
}

// Such as the handler gets from a task that it joins.
TEST_P(an_http_server, takes_a_cancellation_that_is_not_its_own_for_a_failure) {
  run([]() -> task<> {
    http::server server([](http::request&) -> task<http::response> {
      dwell::core::throw_cancelled();
      co_return http::response();
    });
    const std::vector<answer> all = co_await ask(server, get("/") + last_get("/"));
    EXPECT_EQ(summary(all), "500 internal server error\n| 500 internal server error\n. ");
  }());
}

TEST_P(an_http_server, sends_no_response_that_is_none) {
  run([]() -> task<> {
    http::server server([](http::request& asked) -> task<http::response> {
      http::response bad(200, "x");
      if (asked.target == "/status") bad.status = 700;
      if (asked.target == "/empty") bad.status = 204;
      if (asked.target == "/reset") bad.status = 205;
      if (asked.target == "/length") bad.headers.add("content-length", "7");
      if (asked.target == "/coding") bad.headers.add("Transfer-Encoding", "gzip");
      if (asked.target == "/upgrade") bad.headers.add("Connection", "upgrade");
      if (asked.target == "/split") bad.headers.add("Location", "/\r\nSet-Cookie: a=b");
      co_return bad;
    });
    const std::vector<answer> all = co_await ask(
        server, get("/status") + get("/empty") + get("/reset") + get("/length") + get("/coding") +
                    get("/upgrade") + get("/split") + last_get("/good"));
    EXPECT_EQ(all.size(), 8U);
    for (const answer& a : all) EXPECT_EQ(a.status, a.closes() ? 200 : 500);
    EXPECT_EQ(server.statistics().failed, 7U);
  }());
  EXPECT_EQ(unobserved, 7);
}

// ---- Bodies that the handler leaves ----

task<http::response> leaves_the_body(http::request&) { co_return http::response(200, "left"); }

TEST_P(an_http_server, keeps_the_connection_when_little_of_a_body_is_left) {
  run([]() -> task<> {
    http::server server(&leaves_the_body);
    const std::vector<answer> all =
        co_await ask(server, post("/", "abc") + post_chunked("/", "abc", "def") + last_get("/"));
    EXPECT_EQ(summary(all), "200 left| 200 left| 200 left. ");
  }());
}

TEST_P(an_http_server, closes_when_much_of_a_body_is_left) {
  run([]() -> task<> {
    http::server_options options;
    options.most_drained = 1000;
    http::server server(&leaves_the_body, options);
    const std::vector<answer> all =
        co_await ask(server, post("/", std::string(100'000, 'x')) + get("/hidden"));
    EXPECT_EQ(summary(all), "200 left| ");
  }());
}

TEST_P(an_http_server, closes_when_a_body_that_is_left_is_bad) {
  run([]() -> task<> {
    http::server server(&leaves_the_body);
    const std::vector<answer> all = co_await ask(
        server,
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n" + get("/hidden"));
    EXPECT_EQ(summary(all), "200 left| ");
    EXPECT_EQ(server.statistics().broken, 0U);
  }());
}

// ---- 100 Continue ----

TEST_P(an_http_server, says_continue_when_the_handler_reads) {
  run([]() -> task<> {
    http::server server(&echo);
    talk t(server);
    const std::string all = post("/", "body", "Expect: 100-continue\r\n");
    co_await t.send(all.substr(0, all.size() - 4));
    const std::vector<answer> first = co_await t.answers(1);
    EXPECT_EQ(summary(first), "100 | ");
    co_await t.send("body");
    const std::vector<answer> both = co_await t.answers(2);
    EXPECT_EQ(summary(both), "100 | 200 POST / body| ");
    co_await t.hang_up();
  }());
}

TEST_P(an_http_server, says_no_continue_to_who_has_not_waited_for_it) {
  run([]() -> task<> {
    http::server server(&echo);
    const std::vector<answer> all =
        co_await ask(server, post("/", "body", "Expect: 100-continue\r\n") +
                                 post("/", "", "Expect: 100-continue\r\n") + last_get("/"));
    EXPECT_EQ(summary(all), "200 POST / body| 200 POST / | 200 GET / . ");
  }());
}

TEST_P(an_http_server, closes_when_it_wants_no_body_from_who_waits_to_send_it) {
  run([]() -> task<> {
    http::server server(&leaves_the_body);
    talk t(server);
    const std::string all = post("/", "body", "Expect: 100-continue\r\n");
    co_await t.send(all.substr(0, all.size() - 4));
    const std::string text = co_await t.rest();
    EXPECT_EQ(summary(all_answers(text)), "200 left. ");
    co_await t.hang_up();
  }());
}

TEST_P(an_http_server, refuses_expectations_that_it_does_not_know) {
  run([]() -> task<> {
    http::server server(&echo);
    const std::vector<answer> all = co_await ask(server, get("/", "Expect: money\r\n"));
    EXPECT_EQ(summary(all), "417 the only expectation is 100-continue\n. ");
  }());
}

}  // namespace
