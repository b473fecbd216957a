// How long the server waits for clients that send little, nothing, or read nothing. Under virtual
// time, so that each limit is met to the nanosecond.
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/http/server.hpp>
#include <dwell/sim/run.hpp>

#include "http/handlers.hpp"
#include "http/talking.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

using namespace dwell_test;
using namespace std::chrono_literals;
namespace sim = dwell::sim;
using dwell::task;
using std::chrono::nanoseconds;

class a_deadline_of_the_server : public no_frames_left {
 private:
  const watchdog dog_{"the deadlines of the HTTP server"};
};

http::server_options times() {
  http::server_options o;
  o.header_time = 10s;
  o.keep_alive_time = 60s;
  o.body_time = 30s;
  o.write_time = 20s;
  o.linger_time = 1s;
  return o;
}

// What came, and when the server closed.
struct seen {
  std::string text{};
  nanoseconds at{};
};

task<seen> until_closed(talk& t, std::chrono::steady_clock::time_point since) {
  std::string text = co_await t.rest();
  co_return seen{.text = std::move(text), .at = sim::now() - since};
}

// Sends `text` a byte each second, until the server has closed.
task<> trickle(talk& t, std::string text) {
  try {
    for (const char c : text) {
      co_await t.send(std::string(1, c));
      co_await dwell::sleep_for(1s);
    }
  } catch (const net::error&) {  // it has
  }
}

TEST_F(a_deadline_of_the_server, ends_a_connection_that_never_asks) {
  sim::run(1, []() -> task<> {
    http::server server(&echo, times());
    talk t(server);
    const seen s = co_await until_closed(t, sim::now());
    EXPECT_EQ(s.text, "");
    EXPECT_EQ(s.at, 10s);
    co_await t.hang_up();
  }());
}

TEST_F(a_deadline_of_the_server, ends_a_connection_that_asks_no_more) {
  sim::run(1, []() -> task<> {
    http::server server(&echo, times());
    talk t(server);
    co_await t.send(get("/"));
    (void)co_await t.answers(1);
    const seen s = co_await until_closed(t, sim::now());
    EXPECT_EQ(s.text, "");
    EXPECT_EQ(s.at, 60s);
    co_await t.hang_up();
    EXPECT_EQ(server.statistics().broken, 0U);
  }());
}

// Asks once, and again just when the server gives the connection up; whether that was answered.
task<bool> ask_again_at_the_end(int& handled) {
  handled = 0;
  http::server server(
      [&handled](http::request&) -> task<http::response> {
        ++handled;
        co_return http::response(200);
      },
      times());
  talk t(server);
  co_await t.send(get("/"));
  (void)co_await t.answers(1);
  co_await dwell::sleep_for(60s);
  co_await t.send(last_get("/"));
  const std::string rest = co_await t.rest();
  co_await t.hang_up();
  co_return rest.ends_with("\r\n\r\n");
}

// So a client whose connection was kept, and has ended without an answer, may ask again elsewhere.
TEST_F(a_deadline_of_the_server, ends_a_kept_connection_with_an_answer_or_without_a_handler) {
  int answered = 0;
  for (std::uint64_t seed = 1; seed <= 100; ++seed) {
    int handled = 0;
    const bool again = sim::run(seed, ask_again_at_the_end(handled), {.jitter = 1ms});
    EXPECT_EQ(handled, again ? 2 : 1) << "seed " << seed;
    if (again) ++answered;
  }
  EXPECT_GT(answered, 0);
  EXPECT_LT(answered, 100) << "both happen";
}

TEST_F(a_deadline_of_the_server, counts_idle_time_anew_after_each_answer) {
  sim::run(1, []() -> task<> {
    http::server server(&echo, times());
    talk t(server);
    for (std::size_t i = 1; i <= 5; ++i) {
      co_await t.send(get("/"));
      const std::vector<answer> all = co_await t.answers(i);
      EXPECT_EQ(all.size(), i);
      co_await dwell::sleep_for(59s);
    }
    co_await t.hang_up();
  }());
}

TEST_F(a_deadline_of_the_server, refuses_a_head_that_stops_in_the_middle) {
  sim::run(1, []() -> task<> {
    http::server server(&echo, times());
    talk t(server);
    co_await dwell::sleep_for(5s);
    const auto begun = sim::now();
    co_await t.send("GET / HTTP/1.1\r\nHo");
    const seen s = co_await until_closed(t, begun);
    EXPECT_EQ(all_answers(s.text).at(0).status, 408);
    EXPECT_EQ(s.at, 10s) << "from its first byte";
    co_await t.hang_up();
  }());
}

TEST_F(a_deadline_of_the_server, refuses_a_head_that_trickles) {
  sim::run(1, []() -> task<> {
    http::server server(&echo, times());
    talk t(server);
    const auto begun = sim::now();
    auto both = dwell::gather(until_closed(t, begun), trickle(t, get("/", "A: b\r\n")));
    const auto results = co_await std::move(both);
    EXPECT_EQ(all_answers(std::get<0>(results).text).at(0).status, 408);
    EXPECT_EQ(std::get<0>(results).at, 10s);
    co_await t.hang_up();
  }());
}

TEST_F(a_deadline_of_the_server, refuses_a_pipelined_head_that_stops) {
  sim::run(1, []() -> task<> {
    http::server server(&echo, times());
    talk t(server);
    const auto begun = sim::now();
    co_await t.send(get("/") + "GET /half");
    const seen s = co_await until_closed(t, begun);
    const std::vector<answer> all = all_answers(s.text);
    EXPECT_EQ(all.size(), 2U);
    EXPECT_EQ(all.back().status, 408);
    EXPECT_EQ(s.at, 10s);
    co_await t.hang_up();
  }());
}

TEST_F(a_deadline_of_the_server, refuses_a_body_that_stops) {
  sim::run(1, []() -> task<> {
    http::server server(&echo, times());
    const std::string whole = post("/", "0123456789");
    const std::string chunked = post_chunked("/", "01234", "56789");
    const std::string halves[] = {whole.substr(0, whole.size() - 5),
                                  chunked.substr(0, chunked.size() - 3)};
    for (const std::string& half : halves) {
      talk t(server);
      const auto begun = sim::now();
      co_await t.send(half);
      const seen s = co_await until_closed(t, begun);
      const std::vector<answer> all = all_answers(s.text);
      EXPECT_EQ(all.size(), 1U);
      EXPECT_EQ(all.at(0).status, 408);
      EXPECT_TRUE(all.at(0).closes());
      EXPECT_EQ(s.at, 30s);
      co_await t.hang_up();
    }
  }());
}

TEST_F(a_deadline_of_the_server, lets_a_body_trickle_as_slowly_as_it_may) {
  sim::run(1, []() -> task<> {
    http::server_options options = times();
    options.least_rate = 1;
    http::server server(&echo, options);
    talk t(server);
    const std::string text = post("/", std::string(100, 'x'));
    co_await t.send(text.substr(0, text.size() - 100));
    co_await trickle(t, std::string(100, 'x'));
    const std::vector<answer> all = co_await t.answers(1);
    EXPECT_EQ(all.at(0).status, 200);
    co_await t.hang_up();
  }());
}

// Each second uses one up, and each byte gives 4 ms back: 30 s are over after 30 bytes and 120 ms.
TEST_F(a_deadline_of_the_server, refuses_a_body_that_trickles) {
  sim::run(1, []() -> task<> {
    http::server_options options = times();
    options.least_rate = 250;
    http::server server(&echo, options);
    const std::string body(100, 'x');
    const std::string text = post("/", body);
    const std::string chunked =
        "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n64\r\n";
    const std::string heads[] = {text.substr(0, text.size() - body.size()), chunked};
    for (const std::string& head : heads) {
      talk t(server);
      const auto begun = sim::now();
      co_await t.send(head);
      auto both = dwell::gather(until_closed(t, begun), trickle(t, body));
      const auto results = co_await std::move(both);
      const std::vector<answer> all = all_answers(std::get<0>(results).text);
      EXPECT_EQ(all.at(0).status, 408);
      EXPECT_TRUE(all.at(0).closes());
      EXPECT_EQ(std::get<0>(results).at, 30'120ms);
      co_await t.hang_up();
    }
  }());
}

// Framing is no progress: a chunk's extension, or a field behind the last chunk, byte by byte.
TEST_F(a_deadline_of_the_server, refuses_framing_that_trickles) {
  sim::run(1, []() -> task<> {
    http::server server(&echo, times());
    talk t(server);
    const auto begun = sim::now();
    co_await t.send("POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5;a=");
    auto both = dwell::gather(until_closed(t, begun), trickle(t, std::string(100, 'x')));
    const auto results = co_await std::move(both);
    EXPECT_EQ(all_answers(std::get<0>(results).text).at(0).status, 408);
    EXPECT_EQ(std::get<0>(results).at, 30s);
    co_await t.hang_up();
  }());
}

TEST_F(a_deadline_of_the_server, lets_bytes_trickle_for_ever_if_told_so) {
  sim::run(1, []() -> task<> {
    http::server_options options = times();
    options.least_rate = 0;
    http::server server(&echo, options);
    talk t(server);
    const std::string text = post("/", std::string(100, 'x'));
    co_await t.send(text.substr(0, text.size() - 100));
    co_await trickle(t, std::string(100, 'x'));
    EXPECT_EQ((co_await t.answers(1)).at(0).status, 200);
    co_await t.hang_up();
  }());
}

TEST_F(a_deadline_of_the_server, ends_the_wait_for_a_body_that_the_handler_has_left) {
  sim::run(1, []() -> task<> {
    http::server server(
        [](http::request&) -> task<http::response> { co_return http::response(200); }, times());
    talk t(server);
    const auto begun = sim::now();
    const std::string body(100, 'x');
    const std::string text = post("/", body);
    co_await t.send(text.substr(0, text.size() - body.size()));
    auto both = dwell::gather(until_closed(t, begun), trickle(t, body));
    const auto results = co_await std::move(both);
    EXPECT_EQ(all_answers(std::get<0>(results).text).at(0).status, 200);
    EXPECT_EQ(std::get<0>(results).at, 30s) << "in all";
    co_await t.hang_up();
  }());
}

// The handler's own time is its own business.
TEST_F(a_deadline_of_the_server, does_not_limit_the_handler) {
  sim::run(1, []() -> task<> {
    http::server server(
        [](http::request&) -> task<http::response> {
          co_await dwell::sleep_for(24h);
          co_return http::response(200);
        },
        times());
    talk t(server);
    co_await t.send(get("/"));
    const std::vector<answer> all = co_await t.answers(1);
    EXPECT_EQ(all.at(0).status, 200);
    co_await t.hang_up();
  }());
}

TEST_F(a_deadline_of_the_server, breaks_off_a_client_that_does_not_read) {
  sim::run(1, []() -> task<> {
    http::server server(
        [](http::request&) -> task<http::response> {
          co_return http::response(200, std::string(100'000, 'x'));
        },
        times());
    talk t(server, 1000);
    const auto begun = sim::now();
    co_await t.send(get("/"));
    co_await t.served.wait();
    EXPECT_EQ(sim::now() - begun, 20s);
    EXPECT_EQ(server.statistics().broken, 1U);
    const std::string text = co_await t.rest();
    EXPECT_FALSE(all_answers(text).at(0).complete);
    co_await t.hang_up();
  }());
}

// Asks for much, and takes 1000 bytes each 19 s; when the server has ended, or the answer.
task<seen> read_slowly(http::server& server) {
  talk t(server, 1000);
  const auto begun = sim::now();
  co_await t.send(last_get("/"));
  std::string text;
  for (;;) {
    co_await dwell::sleep_for(19s);
    const std::string part = co_await read_text(t.here, 1000);
    if (part.empty()) break;
    text += part;
  }
  co_await t.hang_up();
  co_return seen{.text = std::move(text), .at = sim::now() - begun};
}

task<http::response> answer_much(http::request&) {
  co_return http::response(200, std::string(10'000, 'x'));
}

TEST_F(a_deadline_of_the_server, lets_a_client_read_as_slowly_as_it_may) {
  sim::run(1, []() -> task<> {
    http::server_options options = times();
    options.least_rate = 50;
    http::server server(&answer_much, options);
    const seen s = co_await read_slowly(server);
    EXPECT_TRUE(all_answers(s.text).at(0).complete);
    EXPECT_EQ(server.statistics().broken, 0U);
  }());
}

// At 100 bytes a second 1000 bytes give 10 s back of the 19 s that they took: the first write that
// waits has 20 s, the second 11 s.
TEST_F(a_deadline_of_the_server, breaks_off_a_client_that_reads_too_slowly) {
  sim::run(1, []() -> task<> {
    http::server_options options = times();
    options.least_rate = 100;
    http::server server(&answer_much, options);
    const seen s = co_await read_slowly(server);
    EXPECT_EQ(s.text.size(), 2000U);
    EXPECT_FALSE(all_answers(s.text).at(0).complete);
    EXPECT_EQ(server.statistics().broken, 1U);
  }());
}

TEST_F(a_deadline_of_the_server, ends_the_wait_for_a_client_that_sends_on_after_a_refusal) {
  sim::run(1, []() -> task<> {
    http::server server(&echo, times());
    talk t(server);
    const auto begun = sim::now();
    co_await t.send("nonsense\r\n");
    EXPECT_EQ(all_answers(co_await t.rest()).at(0).status, 400);
    EXPECT_EQ(sim::now(), begun) << "it is told at once";
    co_await t.served.wait();
    EXPECT_EQ(sim::now() - begun, 1s);
    co_await t.hang_up();
  }());
}

}  // namespace
