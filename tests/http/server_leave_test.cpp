// Clients that leave while their answer is being made.
#include <atomic>
#include <cstddef>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/http/server.hpp>

#include "http/handlers.hpp"
#include "http/talking.hpp"

namespace {

using namespace dwell_test;
using dwell::task;

using a_client_that_leaves = on_http_workers;
INSTANTIATE_TEST_SUITE_P(workers, a_client_that_leaves, each_worker_count());

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

TEST_P(a_client_that_leaves, cancels_the_handler) {
  run(leave_while_it_waits(get("/"), 1));
  run(leave_while_it_waits(post("/body", "all of it"), 1));
  run(leave_while_it_waits(post_chunked("/body", "all", " of it"), 1));
  run(leave_while_it_waits(get("/") + get("/pipelined") + "GET /half", 1));
}

TEST_P(a_client_that_leaves, cancels_the_stream) {
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

TEST_P(a_client_that_leaves, may_reset_the_connection) {
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

TEST_P(a_client_that_leaves, within_a_body_is_no_failure_of_the_handler) {
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

TEST_P(a_client_that_leaves, has_left_when_it_sends_no_more) {
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

TEST_P(a_client_that_leaves, has_not_left_if_it_may_still_read) {
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

}  // namespace
