// The cancel sweep over the server: serving is cancelled at each of its awaits, and a client that
// is cancelled leaves at each moment. Whatever the moment, what the client has is a beginning of
// what it would have had, and nothing is left behind.
#include <cstddef>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/http/server.hpp>
#include <dwell/net/duplex.hpp>

#include "conformance/sweep.hpp"
#include "http/handlers.hpp"
#include "http/talking.hpp"

namespace {

using namespace sweep;
namespace http = dwell::http;
namespace net = dwell::net;
using dwell_test::read_all;
using dwell_test::read_text;

// A body that is there, one that is read, a stream, and an error.
task<http::response> answer_each_kind(http::request& asked) {
  if (asked.path() == "/stream") {
    auto produce = [&asked](http::body_writer& out) -> task<> {
      std::byte room[3];
      while (const std::size_t got = co_await asked.body.read_some(room))
        co_await out.write(net::const_bytes(room, got));
    };
    co_return http::response::streamed(std::move(produce), "");
  }
  if (asked.path() == "/throws") throw http::status_error(404, "no");
  std::string body = co_await asked.body.read_all();
  co_await dwell::yield_now();
  co_return http::response(200, std::move(body), "");
}

// With the pipe so small, each part of the exchange takes several waits.
constexpr std::size_t capacity = 16;

const std::string requests = dwell_test::post("/", "0123456789", "Expect: 100-continue\r\n") +
                             dwell_test::post_chunked("/stream", "abcd", "efgh") +
                             dwell_test::last_get("/throws");

const std::string answers =
    "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n0123456789"
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    "3\r\nabc\r\n1\r\nd\r\n3\r\nefg\r\n1\r\nh\r\n0\r\n\r\n"
    "HTTP/1.1 404 Not Found\r\nContent-Type: text/plain; charset=utf-8\r\n"
    "Content-Length: 3\r\nConnection: close\r\n\r\nno\n";

// The pieces of a stream depend on how its request came, so they are taken out of what is compared.
// Each character on its own: what was received may end between a CR and its LF.
std::string without_framing(std::string text) {
  std::erase_if(text, [](char c) { return (c >= '0' && c <= '9') || c == '\r' || c == '\n'; });
  return text;
}

struct exchange : awaitable {
  http::server server{&answer_each_kind, dwell_test::without_date()};
  std::pair<net::duplex_stream, net::duplex_stream> ends = net::duplex(capacity);
  std::string received;

  task<> send() {
    try {
      co_await net::write_all(ends.first, net::bytes_of(requests));
    } catch (const net::error&) {  // the server is gone
    }
  }
  task<> receive() {
    for (;;) {
      const std::string part = co_await read_text(ends.first, 5);
      if (part.empty()) co_return;
      received += part;
    }
  }
  // The client sends all, reads all, and leaves.
  task<> talk() {
    auto both = dwell::gather(send(), receive());
    co_await std::move(both);
    ends.first = net::duplex_stream();
  }
  void check_received(bool all) const {
    const std::string got = without_framing(received);
    const std::string wanted = without_framing(answers);
    EXPECT_TRUE(wanted.starts_with(got)) << received;
    if (all) {
      EXPECT_EQ(got, wanted) << received;
    }
    EXPECT_EQ(server.statistics().open, 0U);
    EXPECT_EQ(server.statistics().failed, 0U);
  }
};

// The server is cancelled.
struct serve final : exchange {
  task<> wait() override { co_await server.serve(std::move(ends.second)); }
  task<> complete(join_handle<>& victim) override {
    const auto leave_with = [&]() -> task<> {
      co_await victim.wait();
      ends.second = net::duplex_stream();  // what never began still holds it
    };
    auto both = dwell::gather(talk(), leave_with());
    co_await std::move(both);
  }
  task<> check(bool got) override {
    check_received(got);
    co_return;
  }
};

// The client is.
struct client final : exchange {
  task<> wait() override { co_await talk(); }
  task<> complete(join_handle<>& victim) override {
    const auto leave_with = [&]() -> task<> {
      co_await victim.wait();
      ends.first = net::duplex_stream();
    };
    auto both = dwell::gather(server.serve(std::move(ends.second)), leave_with());
    co_await std::move(both);
  }
  task<> check(bool got) override {
    check_received(got);
    co_return;
  }
};

const row rows[] = {{"serve", &make<serve>}, {"client", &make<client>}};

// No error of the transport may reach the hook: each is the client's doing, and expected.
class nothing_unobserved {
 protected:
  nothing_unobserved() { dwell_test::unobserved = 0; }
  ~nothing_unobserved() {
    EXPECT_EQ(dwell_test::unobserved, 0);
    dwell::set_unobserved_error_hook(before_);
  }

 private:
  const dwell::unobserved_error_hook before_ =
      dwell::set_unobserved_error_hook(&dwell_test::count_unobserved);
};

class http_sweep : public every_await, private nothing_unobserved {};
INSTANTIATE_TEST_SUITE_P(awaits, http_sweep, testing::ValuesIn(rows), name_of);

class http_sweep_simulated : public every_simulated_await, private nothing_unobserved {};
INSTANTIATE_TEST_SUITE_P(awaits, http_sweep_simulated, testing::ValuesIn(rows), name_of);

TEST_P(http_sweep_simulated, leaves_nothing_behind_over_the_seeds) { sweep_seeds(); }

TEST_P(http_sweep, leaves_nothing_behind_on_one_worker) { sweep_on(1); }
TEST_P(http_sweep, leaves_nothing_behind_on_two_workers) { sweep_on(2); }
TEST_P(http_sweep, leaves_nothing_behind_on_four_workers) { sweep_on(4); }

}  // namespace
