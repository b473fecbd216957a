// The server while an answer is being made: streams, back-pressure, clients that leave, and stop().
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
#include "support/for_ever.hpp"

namespace {

using namespace dwell_test;
using dwell::task;

using a_streaming_server = on_http_workers;
INSTANTIATE_TEST_SUITE_P(workers, a_streaming_server, each_worker_count());

// A handler that answers with a stream.
template <class Produce>
http::handler streaming(Produce produce) {
  return [produce](http::request&) -> task<http::response> {
    co_return http::response::streamed(produce, "text/plain");
  };
}

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
    http::server server(streaming(pieces));
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

TEST_P(a_streaming_server, has_no_stream_for_http_1_0) {
  run([]() -> task<> {
    const auto nothing = [](http::body_writer&) -> task<> { co_return; };
    http::server server(streaming(nothing));
    const std::vector<answer> all = co_await ask(server, "GET / HTTP/1.0\r\n\r\n");
    EXPECT_EQ(all.at(0).status, 505);
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
    http::server_options options;
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

// ---- Clients that leave ----

http::handler waits_for_ever(counts& c) {
  return [&c](http::request& asked) -> task<http::response> {
    if (asked.path() == "/body") (void)co_await asked.body.read_all();
    co_await sleeps_for_ever(c);
    co_return http::response(200);
  };
}

task<> leave_while_it_waits(const std::string& request, std::uint64_t abandoned) {
  counts c;
  http::server server(waits_for_ever(c));
  talk t(server);
  co_await t.send(request);
  while (c.started == 0) co_await dwell::yield_now();
  co_await t.hang_up();
  EXPECT_EQ(c.cancelled, 1);
  EXPECT_EQ(server.statistics().abandoned, abandoned);
  EXPECT_EQ(server.statistics().failed, 0U);
}

TEST_P(a_streaming_server, cancels_the_handler_when_its_client_leaves) {
  run(leave_while_it_waits(get("/"), 1));
  run(leave_while_it_waits(post("/body", "all of it"), 1));
  run(leave_while_it_waits(post_chunked("/body", "all", " of it"), 1));
  run(leave_while_it_waits(get("/") + get("/pipelined") + "GET /half", 1));
}

TEST_P(a_streaming_server, cancels_the_stream_when_its_client_leaves) {
  run([]() -> task<> {
    counts c;
    const auto one_piece = [&c](http::body_writer& out) -> task<> {
      co_await out.write("first");
      co_await sleeps_for_ever(c);
    };
    http::server server(streaming(one_piece));
    talk t(server);
    co_await t.send(get("/"));
    while (c.started == 0) co_await dwell::yield_now();
    co_await t.hang_up();
    EXPECT_EQ(c.cancelled, 1);
  }());
}

TEST_P(a_streaming_server, cancels_the_handler_when_the_connection_is_reset) {
  run([]() -> task<> {
    counts c;
    http::server server(waits_for_ever(c));
    talk t(server);
    co_await t.send(get("/"));
    while (c.started == 0) co_await dwell::yield_now();
    t.here.abort();
    co_await t.hang_up();
    EXPECT_EQ(c.cancelled, 1);
  }());
}

TEST_P(a_streaming_server, tells_the_handler_when_its_client_leaves_within_a_body) {
  run([]() -> task<> {
    http::server server(&echo);
    talk t(server);
    co_await t.send("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\nhalf");
    co_await t.hang_up();
    EXPECT_EQ(server.statistics().broken, 1U);
    EXPECT_EQ(server.statistics().failed, 0U) << "it is not the handler's failure";
  }());
  EXPECT_EQ(unobserved, 0);
}

TEST_P(a_streaming_server, takes_the_end_of_a_direction_for_a_disconnect) {
  run([]() -> task<> {
    counts c;
    http::server server(waits_for_ever(c));
    talk t(server);
    co_await t.send(get("/"));
    co_await t.here.shutdown_write();
    EXPECT_EQ(co_await t.rest(), "");
    co_await t.hang_up();
    EXPECT_EQ(c.cancelled, c.started);
  }());
}

TEST_P(a_streaming_server, answers_who_has_ended_one_direction_if_it_is_told_to) {
  run([]() -> task<> {
    http::server_options options;
    options.allow_half_close = true;
    http::server server(&echo, options);
    talk t(server);
    co_await t.send(get("/1") + get("/2"));
    co_await t.here.shutdown_write();
    const std::vector<answer> all = all_answers(co_await t.rest());
    EXPECT_EQ(all.size(), 2U);
    EXPECT_EQ(all.back().body, "GET /2 ");
    co_await t.hang_up();
  }());
}

// ---- The end ----

// Gives connections out as they are made.
class listener_in_memory {
 public:
  task<net::duplex_stream> accept() { return next(from_.clone()); }
  task<net::duplex_stream> connect() {
    auto ends = net::duplex();
    co_await to_.send(std::move(ends.second));
    co_return std::move(ends.first);
  }

 private:
  static task<net::duplex_stream> next(dwell::channel_receiver<net::duplex_stream> from) {
    net::duplex_stream got = co_await from.receive();
    co_return got;
  }

  std::pair<dwell::channel_sender<net::duplex_stream>, dwell::channel_receiver<net::duplex_stream>>
      ends_ = dwell::make_channel<net::duplex_stream>(1);
  dwell::channel_sender<net::duplex_stream>& to_ = ends_.first;
  dwell::channel_receiver<net::duplex_stream>& from_ = ends_.second;
};

task<std::string> send_and_read(net::duplex_stream& to, std::string text, std::size_t answers) {
  co_await net::write_all(to, net::bytes_of(text));
  std::string got;
  while (all_answers(got).size() < answers) got += co_await read_text(to, 1000);
  co_return got;
}

TEST_P(a_streaming_server, serves_many_connections_side_by_side) {
  run([]() -> task<> {
    listener_in_memory listener;
    http::server server(&echo);
    auto running = dwell::spawn(server.run(listener));
    const auto client = [&](int id) -> task<> {
      net::duplex_stream c = co_await listener.connect();
      for (int i = 0; i < 20; ++i) {
        const std::string body = std::to_string(id) + ' ' + std::to_string(i);
        const std::string got = co_await send_and_read(c, post("/", body), 1);
        EXPECT_EQ(all_answers(got).at(0).body, "POST / " + body);
      }
    };
    std::vector<task<>> clients;
    for (int id = 0; id < 50; ++id) clients.push_back(client(id));
    co_await dwell::gather(std::move(clients));
    server.stop();
    co_await running;
    EXPECT_EQ(server.statistics().requests, 1000U);
    EXPECT_EQ(server.statistics().open, 0U);
  }());
}

TEST_P(a_streaming_server, that_is_stopped_closes_idle_connections_and_finishes_the_others) {
  run([]() -> task<> {
    dwell::event go_on;
    std::atomic<int> waiting{0};
    listener_in_memory listener;
    http::server server([&](http::request& asked) -> task<http::response> {
      if (asked.path() == "/slow") {
        ++waiting;
        co_await go_on.wait();
      }
      co_return http::response(200, asked.target);
    });
    auto running = dwell::spawn(server.run(listener));
    net::duplex_stream fresh = co_await listener.connect();
    net::duplex_stream idle = co_await listener.connect();
    net::duplex_stream busy = co_await listener.connect();
    (void)co_await send_and_read(idle, get("/"), 1);
    const std::string slow = get("/slow") + get("/pipelined");
    co_await net::write_all(busy, net::bytes_of(slow));
    while (waiting == 0) co_await dwell::yield_now();
    server.stop();
    EXPECT_EQ(co_await read_all(idle), "");
    EXPECT_EQ(co_await read_all(fresh), "");
    EXPECT_TRUE(server.is_stopping());
    go_on.set();
    const std::vector<answer> all = all_answers(co_await read_all(busy, 1000));
    EXPECT_EQ(all.size(), 1U);
    EXPECT_EQ(all.at(0).body, "/slow");
    EXPECT_TRUE(all.at(0).closes());
    fresh = net::duplex_stream();
    idle = net::duplex_stream();
    busy = net::duplex_stream();
    co_await running;
    EXPECT_EQ(server.statistics().open, 0U);
  }());
}

TEST_P(a_streaming_server, that_is_cancelled_leaves_nothing_behind) {
  run([]() -> task<> {
    counts c;
    listener_in_memory listener;
    http::server server(waits_for_ever(c));
    const auto talks = [&]() -> task<> {
      net::duplex_stream one = co_await listener.connect();
      net::duplex_stream idle = co_await listener.connect();
      const std::string request = get("/");
      co_await net::write_all(one, net::bytes_of(request));
      (void)co_await read_text(one);
    };
    auto talking = dwell::spawn(talks());
    co_await cancel_when(server.run(listener), [&] { return c.started > 0; });
    EXPECT_EQ(c.cancelled, 1);
    co_await talking;
    EXPECT_EQ(server.statistics().open, 0U);
  }());
}

TEST_P(a_streaming_server, wraps_connections_and_survives_a_wrapping_that_fails) {
  run([]() -> task<> {
    listener_in_memory listener;
    http::server server(&echo);
    std::atomic<int> wrapped{0};
    const auto wrap = [&](net::duplex_stream stream) -> task<net::duplex_stream> {
      if (wrapped++ == 0) throw net::unexpected_end("no handshake");
      co_return stream;
    };
    auto running = dwell::spawn(server.run(listener, wrap));
    net::duplex_stream bad = co_await listener.connect();
    EXPECT_EQ(co_await read_all(bad), "");
    net::duplex_stream good = co_await listener.connect();
    const std::string got = co_await send_and_read(good, get("/"), 1);
    EXPECT_EQ(all_answers(got).at(0).body, "GET / ");
    good = net::duplex_stream();
    server.stop();
    co_await running;
    EXPECT_EQ(server.statistics().broken, 1U);
  }());
}

}  // namespace
