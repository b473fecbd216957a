// A server that runs over a listener: many connections, stop(), and what wraps a connection.
#include <atomic>
#include <cstddef>
#include <gtest/gtest.h>
#include <new>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/http/server.hpp>

#include "http/handlers.hpp"
#include "http/talking.hpp"
#include "support/cancel_when.hpp"

namespace {

using namespace dwell_test;
using dwell::task;

using a_running_server = on_http_workers;
INSTANTIATE_TEST_SUITE_P(workers, a_running_server, each_worker_count());

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

TEST_P(a_running_server, serves_many_connections_side_by_side) {
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

TEST_P(a_running_server, serves_no_more_connections_at_a_time_than_it_may) {
  run([]() -> task<> {
    http::server_options options;
    options.most_connections = 2;
    listener_in_memory listener;
    http::server server(&echo, options);
    auto running = dwell::spawn(server.run(listener));
    net::duplex_stream first = co_await listener.connect();
    net::duplex_stream second = co_await listener.connect();
    net::duplex_stream third = co_await listener.connect();
    (void)co_await send_and_read(first, get("/1"), 1);
    (void)co_await send_and_read(second, get("/2"), 1);
    const std::string request = get("/3");
    co_await net::write_all(third, net::bytes_of(request));
    for (int i = 0; i < 1000; ++i) co_await dwell::yield_now();
    EXPECT_EQ(server.statistics().connections, 2U);
    first = net::duplex_stream();
    const std::string got = co_await send_and_read(third, "", 1);
    EXPECT_EQ(all_answers(got).at(0).body, "GET /3 ");
    second = net::duplex_stream();
    third = net::duplex_stream();
    server.stop();
    co_await running;
    EXPECT_EQ(server.statistics().connections, 3U);
  }());
}

TEST_P(a_running_server, that_is_stopped_closes_idle_connections_and_finishes_the_others) {
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

TEST_P(a_running_server, that_is_cancelled_leaves_nothing_behind) {
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

TEST_P(a_running_server, wraps_connections_and_survives_a_wrapping_that_fails) {
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

// A connection that may be one for which there is no memory.
class hungry_stream {
 public:
  hungry_stream(net::duplex_stream stream, bool starves)
      : stream_(std::move(stream)), starves_(starves) {}

  task<std::size_t> read_some(net::bytes to) {
    if (starves_) throw std::bad_alloc();
    return stream_.read_some(to);
  }
  task<std::size_t> write_some(net::const_bytes from) { return stream_.write_some(from); }
  task<> shutdown_write() { return stream_.shutdown_write(); }

 private:
  net::duplex_stream stream_;
  bool starves_;
};

TEST_P(a_running_server, loses_no_more_than_the_connection_for_which_there_is_no_memory) {
  run([]() -> task<> {
    listener_in_memory listener;
    http::server server(&echo);
    std::atomic<int> wrapped{0};
    const auto wrap = [&](net::duplex_stream stream) -> task<hungry_stream> {
      co_return hungry_stream(std::move(stream), wrapped++ == 1);
    };
    auto running = dwell::spawn(server.run(listener, wrap));
    net::duplex_stream before = co_await listener.connect();
    (void)co_await send_and_read(before, get("/"), 1);
    net::duplex_stream starved = co_await listener.connect();
    EXPECT_EQ(co_await read_all(starved), "");
    EXPECT_EQ(unobserved, 1);
    const std::string got = co_await send_and_read(before, get("/still"), 1);
    EXPECT_EQ(all_answers(got).at(0).body, "GET /still ");
    before = net::duplex_stream();
    server.stop();
    co_await running;
    EXPECT_EQ(server.statistics().broken, 1U);
  }());
}

}  // namespace
