// A cancelled operation on a socket has its whole effect or none, and leaves the socket as it was.
#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/net/tcp.hpp>

#include "net/on_reactors.hpp"
#include "net/reading.hpp"
#include "support/scale.hpp"

namespace {

using dwell::task;
using dwell::net::bytes_of;
using dwell::net::endpoint;
using dwell::net::tcp_listener;
using dwell::net::tcp_stream;
using dwell::net::text_of;
using dwell_test::connected;
using dwell_test::connection;
using dwell_test::scaled;
using namespace std::chrono_literals;

class a_cancelled_socket_operation : public dwell_test::on_reactors {};
INSTANTIATE_TEST_SUITE_P(reactors, a_cancelled_socket_operation, dwell_test::each_reactor(),
                         dwell_test::reactor_name);

/// Whether the operation ended by the limit.
template <class T>
task<bool> times_out(task<T> operation) {
  co_return !(co_await dwell::move_on_after(1ms, std::move(operation)));
}

TEST_P(a_cancelled_socket_operation, read_leaves_the_bytes_to_the_next) {
  dwell::run(
      []() -> task<> {
        connection c = co_await connected();
        std::array<std::byte, 4> room{};
        EXPECT_TRUE(co_await times_out(c.server.read_some(room)));
        co_await write_all(c.client, bytes_of("late"));
        co_await read_exactly(c.server, room);
        EXPECT_EQ(text_of(room), "late");
      }(),
      pool());
}

TEST_P(a_cancelled_socket_operation, write_has_written_nothing) {
  dwell::run(
      []() -> task<> {
        connection c = co_await connected();
        const std::string chunk(1 << 16, 'x');
        std::size_t written = 0;
        const auto fill = [&]() -> task<> {
          for (;;) written += co_await c.client.write_some(bytes_of(chunk));
        };
        EXPECT_TRUE(co_await times_out(fill()));
        co_await c.client.shutdown_write();
        EXPECT_EQ((co_await dwell_test::read_all(c.server, 4096)).size(), written);
      }(),
      pool());
}

TEST_P(a_cancelled_socket_operation, accept_leaves_the_connection_to_the_next) {
  dwell::run(
      []() -> task<> {
        tcp_listener listener = tcp_listener::bind(endpoint::loopback(0));
        EXPECT_TRUE(co_await times_out(listener.accept()));
        const tcp_stream client = co_await tcp_stream::connect(listener.local());
        const tcp_stream server = co_await listener.accept();
        EXPECT_EQ(server.peer(), client.local());
      }(),
      pool());
}

// A listener without a backlog holds one connection: further connects wait for minutes.
TEST_P(a_cancelled_socket_operation, connect_is_dropped) {
  dwell::run(
      []() -> task<> {
        tcp_listener listener = tcp_listener::bind(endpoint::loopback(0), {.backlog = 0});
        const tcp_stream first = co_await tcp_stream::connect(listener.local());
        EXPECT_TRUE(co_await times_out(tcp_stream::connect(listener.local())));
        const tcp_stream served = co_await listener.accept();
        EXPECT_EQ(served.peer(), first.local()) << "the listener goes on";
      }(),
      pool());
}

TEST_P(a_cancelled_socket_operation, is_not_begun_in_a_cancelled_scope_though_it_could_succeed) {
  dwell::run(
      []() -> task<> {
        connection c = co_await connected();
        co_await write_all(c.client, bytes_of("there"));
        int refused = 0;
        const auto tried = [&](dwell::cancel_scope& scope) -> task<> {
          std::array<std::byte, 5> room{};
          scope.cancel();
          for (int i = 0; i < 2; ++i) {
            try {
              task<std::size_t> operation =
                  i == 0 ? c.server.read_some(room) : c.server.write_some(bytes_of("x"));
              (void)co_await std::move(operation);
            } catch (const dwell::cancelled&) {
              ++refused;
            }
          }
        };
        co_await dwell::with_cancel_scope(tried);
        EXPECT_EQ(refused, 2);
        std::array<std::byte, 5> room{};
        co_await read_exactly(c.server, room);
        EXPECT_EQ(text_of(room), "there");
        co_await c.server.shutdown_write();
        EXPECT_EQ(co_await dwell_test::read_all(c.client), "");
      }(),
      pool());
}

// The bytes and the cancel arrive in any order, on any worker: either the read gave them, or the
// next one does.
TEST_P(a_cancelled_socket_operation, meets_its_event_and_loses_nothing) {
  dwell::run(
      [](std::int64_t rounds) -> task<> {
        connection c = co_await connected();
        for (std::int64_t i = 0; i < rounds; ++i) {
          const std::string sent = std::to_string(i) + ";";
          std::string got;
          const auto read = [&](std::size_t wanted) -> task<> {
            std::array<std::byte, 32> room{};
            while (got.size() < wanted) {
              const std::size_t count = co_await c.server.read_some(room);
              got += text_of(std::span(room).first(count));
            }
          };
          auto both = dwell::gather(
              dwell::with_cancel_scope([&](dwell::cancel_scope& scope) -> task<> {
                auto inner = dwell::gather(read(sent.size()),
                                           [](dwell::cancel_scope& s, bool soon) -> task<> {
                                             if (!soon) co_await dwell::yield_now();
                                             s.cancel();
                                           }(scope, i % 2 == 0));
                co_await std::move(inner);
              }),
              write_all(c.client, bytes_of(sent)));
          co_await std::move(both);
          co_await read(sent.size());
          EXPECT_EQ(got, sent);
        }
      }(scaled(2'000)),
      pool());
}

}  // namespace
