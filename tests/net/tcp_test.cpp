// TCP: connections to ourselves, through the kernel.
#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/net/tcp.hpp>

#include "net/ipv6.hpp"
#include "net/on_reactors.hpp"
#include "net/reading.hpp"
#include "support/deadly_sigpipe.hpp"
#include "support/scale.hpp"

namespace {

using dwell::task;
using dwell::net::bytes_of;
using dwell::net::endpoint;
using dwell::net::socket_option;
using dwell::net::tcp_listener;
using dwell::net::tcp_stream;
using dwell::net::text_of;
using dwell_test::connected;
using dwell_test::connection;
using dwell_test::read_all;
using dwell_test::scaled;
using testing::HasSubstr;

class tcp : public dwell_test::on_reactors {};
INSTANTIATE_TEST_SUITE_P(reactors, tcp, dwell_test::each_reactor(), dwell_test::reactor_name);

// What an operation throws, as code and text.
struct failure {
  int code = 0;
  std::string what{};
};

template <class T>
task<failure> failure_of(task<T> operation) {
  try {
    (void)co_await std::move(operation);
  } catch (const dwell::net::error& e) {
    co_return failure{e.code().value(), e.what()};
  }
  co_return failure{};
}

TEST_P(tcp, carries_bytes_both_ways) {
  dwell::run(
      []() -> task<> {
        connection c = co_await connected();
        co_await write_all(c.client, bytes_of("to the server"));
        co_await write_all(c.server, bytes_of("to the client"));
        std::array<std::byte, 13> room{};
        co_await read_exactly(c.server, room);
        EXPECT_EQ(text_of(room), "to the server");
        co_await read_exactly(c.client, room);
        EXPECT_EQ(text_of(room), "to the client");
      }(),
      pool());
}

TEST_P(tcp, knows_both_ends_and_sends_small_writes_at_once) {
  dwell::run(
      []() -> task<> {
        connection c = co_await connected();
        EXPECT_EQ(c.client.local(), c.server.peer());
        EXPECT_EQ(c.client.peer(), c.server.local());
        EXPECT_NE(c.client.get(socket_option::no_delay), 0);
        EXPECT_NE(c.server.get(socket_option::no_delay), 0);
      }(),
      pool());
}

TEST_P(tcp, gathers_and_scatters) {
  dwell::run(
      []() -> task<> {
        connection c = co_await connected();
        const std::array<dwell::net::const_bytes, 2> parts{bytes_of("one "), bytes_of("line")};
        EXPECT_EQ(co_await c.client.write_some(std::span(parts)), 8U);
        std::array<std::byte, 3> first{};
        std::array<std::byte, 9> rest{};
        const std::array<dwell::net::bytes, 2> room{first, rest};
        EXPECT_EQ(co_await c.server.read_some(std::span(room)), 8U);
        EXPECT_EQ(text_of(first), "one");
        EXPECT_EQ(text_of(std::span(rest).first(5)), " line");
      }(),
      pool());
}

TEST_P(tcp, reads_and_writes_nothing_into_and_from_nothing) {
  dwell::run(
      []() -> task<> {
        connection c = co_await connected();
        EXPECT_EQ(co_await c.client.read_some(dwell::net::bytes()), 0U);
        EXPECT_EQ(co_await c.client.write_some(dwell::net::const_bytes()), 0U);
      }(),
      pool());
}

// ---- The end of a stream ----

TEST_P(tcp, goes_on_in_one_direction_after_the_other_was_shut_down) {
  dwell::run(
      []() -> task<> {
        connection c = co_await connected();
        co_await write_all(c.client, bytes_of("question"));
        co_await c.client.shutdown_write();
        EXPECT_EQ(co_await read_all(c.server), "question");
        co_await write_all(c.server, bytes_of("answer"));
        co_await c.server.shutdown_write();
        EXPECT_EQ(co_await read_all(c.client), "answer");
        EXPECT_EQ(co_await read_all(c.client), "") << "the end stays the end";
        co_await c.client.shutdown_write();
      }(),
      pool());
}

// Runs `act` on the client's end while the server's end waits in a read, and gives how that ended.
template <class Act>
task<failure> while_reading(Act act) {
  connection c = co_await connected();
  auto reading = failure_of(read_all(c.server));
  auto acting = [](tcp_stream client, Act then) -> task<> {
    co_await dwell::yield_now();
    co_await then(client);
  }(std::move(c.client), act);
  auto both = dwell::gather(std::move(reading), std::move(acting));
  co_return std::get<0>(co_await std::move(both));
}

TEST_P(tcp, ends_a_waiting_read_when_the_other_side_shuts_down) {
  const failure end = dwell::run(
      while_reading([](tcp_stream& s) -> task<> { co_await s.shutdown_write(); }), pool());
  EXPECT_EQ(end.code, 0) << end.what;
}

TEST_P(tcp, ends_a_waiting_read_when_the_other_side_closes) {
  const failure end = dwell::run(while_reading([](tcp_stream& s) -> task<> {
                                   s.close();
                                   co_return;
                                 }),
                                 pool());
  EXPECT_EQ(end.code, 0) << end.what;
}

TEST_P(tcp, fails_a_waiting_read_when_the_other_side_resets) {
  const failure end = dwell::run(while_reading([](tcp_stream& s) -> task<> {
                                   s.set(socket_option::linger, 0);
                                   s.close();
                                   co_return;
                                 }),
                                 pool());
  EXPECT_EQ(end.code, ECONNRESET) << end.what;
  EXPECT_THAT(end.what, HasSubstr("read from a socket"));
}

// The first write after a close draws a reset, and a later one says EPIPE. Neither raises SIGPIPE,
// which would end this program.
TEST_P(tcp, fails_writes_to_a_side_that_is_gone_without_a_signal) {
  const dwell_test::deadly_sigpipe deadly;
  const failure end = dwell::run(
      []() -> task<failure> {
        connection c = co_await connected();
        c.server.close();
        const std::string much(1 << 20, 'x');
        failure last;
        while (last.code == 0) last = co_await failure_of(write_all(c.client, bytes_of(much)));
        co_return last;
      }(),
      pool());
  EXPECT_TRUE(end.code == EPIPE || end.code == ECONNRESET) << end.what;
}

TEST_P(tcp, fails_a_waiting_write_when_the_other_side_closes) {
  const failure end = dwell::run(
      []() -> task<failure> {
        connection c = co_await connected();
        const std::string much(16 << 20, 'x');
        auto writing = failure_of(write_all(c.client, bytes_of(much)));
        auto closing = [](tcp_stream server) -> task<> {
          std::byte first{};
          co_await server.read_some({&first, 1});
        }(std::move(c.server));
        auto both = dwell::gather(std::move(writing), std::move(closing));
        co_return std::get<0>(co_await std::move(both));
      }(),
      pool());
  EXPECT_TRUE(end.code == EPIPE || end.code == ECONNRESET) << end.what;
}

// ---- Short reads, short writes ----

std::string numbered(std::size_t size) {
  std::string text(size, '\0');
  std::uint32_t state = 1;
  for (char& c : text) c = static_cast<char>((state = state * 1'664'525 + 1'013'904'223) >> 24);
  return text;
}

task<> send_and_end(tcp_stream& to, std::string_view text) {
  co_await write_all(to, bytes_of(text));
  co_await to.shutdown_write();
}

TEST_P(tcp, carries_much_both_ways_at_once) {
  const std::string text = numbered(static_cast<std::size_t>(scaled(4 << 20)));
  dwell::run(
      [](const std::string& sent) -> task<> {
        connection c = co_await connected();
        c.client.set(socket_option::send_buffer, 4096);
        c.server.set(socket_option::send_buffer, 4096);
        auto all = dwell::gather(send_and_end(c.client, sent), send_and_end(c.server, sent),
                                 read_all(c.client, 4096), read_all(c.server, 4096));
        const auto got = co_await std::move(all);
        EXPECT_TRUE(std::get<2>(got) == sent);
        EXPECT_TRUE(std::get<3>(got) == sent);
      }(text),
      pool());
}

using buffers = std::vector<dwell::net::const_bytes>;

// Pieces of a text, each of another length.
buffers cut(std::string_view text, std::size_t count) {
  buffers parts;
  for (std::size_t i = 1; i < count; ++i) {
    const std::size_t length = std::min(text.size(), i * 37 % 3'000 + 1);
    parts.push_back(bytes_of(text.substr(0, length)));
    text.remove_prefix(length);
  }
  parts.push_back(bytes_of(text));
  return parts;
}

// Writes them one after the other, and gives the number of calls that it took.
task<int> write_parts(tcp_stream& to, buffers parts) {
  int calls = 0;
  for (std::span<dwell::net::const_bytes> left = parts; !left.empty(); ++calls) {
    std::size_t written = co_await to.write_some(std::span<const dwell::net::const_bytes>(left));
    while (!left.empty() && written >= left.front().size()) {
      written -= left.front().size();
      left = left.subspan(1);
    }
    if (written > 0) left.front() = left.front().subspan(written);
  }
  co_await to.shutdown_write();
  co_return calls;
}

// The kernel refuses more than 1,024 buffers at once, and may end amid any of those that it takes.
TEST_P(tcp, writes_two_thousand_buffers_that_are_taken_piece_by_piece) {
  constexpr std::size_t count = 2'000;
  const std::string text = numbered(3 << 20);
  dwell::run(
      [](const std::string& sent) -> task<> {
        connection c = co_await connected();
        c.client.set(socket_option::send_buffer, 4096);
        auto both =
            dwell::gather(write_parts(c.client, cut(sent, count)), read_all(c.server, 4096));
        const auto results = co_await std::move(both);
        EXPECT_TRUE(std::get<1>(results) == sent);
        constexpr auto full = static_cast<int>(count / dwell::os::most_buffers) + 1;
        EXPECT_GT(std::get<0>(results), full) << "none was taken in part";
      }(text),
      pool());
}

// A read that fills its buffer does not empty the socket; one that does not, does.
TEST_P(tcp, reads_the_rest_of_what_did_not_fit) {
  dwell::run(
      []() -> task<> {
        connection c = co_await connected();
        co_await write_all(c.client, bytes_of("abcdef"));
        std::array<std::byte, 4> room{};
        co_await read_exactly(c.server, room);
        EXPECT_EQ(co_await c.server.read_some(room), 2U);
        co_await write_all(c.client, bytes_of("g"));
        EXPECT_EQ(co_await c.server.read_some(room), 1U);
        co_await c.client.shutdown_write();
        EXPECT_EQ(co_await c.server.read_some(room), 0U);
      }(),
      pool());
}

// ---- Connecting and accepting ----

TEST_P(tcp, is_refused_where_nobody_listens_and_says_by_whom) {
  const failure refused = dwell::run(
      []() -> task<failure> {
        endpoint there;
        {
          const tcp_listener gone = tcp_listener::bind(endpoint::loopback(0));
          there = gone.local();
        }
        co_return co_await failure_of(tcp_stream::connect(there));
      }(),
      pool());
  EXPECT_EQ(refused.code, ECONNREFUSED);
  EXPECT_THAT(refused.what, HasSubstr("connect to 127.0.0.1:"));
  EXPECT_THAT(refused.what, HasSubstr("Connection refused"));
}

TEST_P(tcp, refuses_a_port_that_is_taken_and_names_it) {
  dwell::run(
      []() -> task<> {
        const tcp_listener first = tcp_listener::bind(endpoint::loopback(0));
        std::string what;
        try {
          (void)tcp_listener::bind(first.local());
        } catch (const dwell::net::error& e) {
          what = e.what();
        }
        EXPECT_THAT(what, HasSubstr("listen on " + first.local().to_string()));
        co_return;
      }(),
      pool());
}

TEST_P(tcp, shares_a_port_between_listeners_that_ask_for_it) {
  dwell::run(
      []() -> task<> {
        const tcp_listener first = tcp_listener::bind(endpoint::loopback(0), {.reuse_port = true});
        EXPECT_NO_THROW((void)tcp_listener::bind(first.local(), {.reuse_port = true}));
        co_return;
      }(),
      pool());
}

TEST_P(tcp, connects_over_ipv6) {
  if (!dwell_test::has_ipv6()) GTEST_SKIP() << "no IPv6 here";
  dwell::run(
      []() -> task<> {
        tcp_listener listener = tcp_listener::bind(dwell_test::ipv6_loopback());
        auto both = dwell::gather(tcp_stream::connect(listener.local()), listener.accept());
        auto ends = co_await std::move(both);
        EXPECT_EQ(std::get<0>(ends).peer(), listener.local());
      }(),
      pool());
}

// ---- Many ----

task<> echo(tcp_stream s) {
  std::array<std::byte, 64> room{};
  while (const std::size_t got = co_await s.read_some(room))
    co_await write_all(s, std::span(room).first(got));
}

task<> serve(tcp_listener& listener, int connections) {
  co_await dwell::with_task_group([&](dwell::task_group& group) -> task<> {
    for (int i = 0; i < connections; ++i) group.spawn(echo(co_await listener.accept()));
  });
}

task<int> asks(endpoint there, int id, int rounds) {
  tcp_stream s = co_await tcp_stream::connect(there);
  int answers = 0;
  for (int i = 0; i < rounds; ++i) {
    const std::string question = std::to_string(id) + ":" + std::to_string(i);
    co_await write_all(s, bytes_of(question));
    std::string answer(question.size(), ' ');
    co_await read_exactly(s, std::as_writable_bytes(std::span(answer)));
    if (answer == question) ++answers;
  }
  co_return answers;
}

task<int> asks_from_many(endpoint there, int connections, int rounds) {
  std::vector<task<int>> clients;
  for (int i = 0; i < connections; ++i) clients.push_back(asks(there, i, rounds));
  int sum = 0;
  for (const int answers : co_await dwell::gather(std::move(clients))) sum += answers;
  co_return sum;
}

task<int> ask_all(int connections, int rounds) {
  tcp_listener listener = tcp_listener::bind(endpoint::loopback(0));
  auto both = dwell::gather(serve(listener, connections),
                            asks_from_many(listener.local(), connections, rounds));
  co_return std::get<1>(co_await std::move(both));
}

TEST_P(tcp, serves_many_connections_at_once) {
  const int rounds = static_cast<int>(scaled(50));
  EXPECT_EQ(dwell::run(ask_all(100, rounds), pool()), 100 * rounds);
}

TEST_P(tcp, gives_back_every_descriptor_frame_and_timer) {
  dwell::runtime rt(pool());
  const auto rounds = dwell_test::long_run() ? 20'000 : scaled(5'000) / 6 + 1;
  for (std::int64_t i = 0; i < rounds; i += 20) EXPECT_EQ(rt.run(ask_all(20, 1)), 20);
  const dwell::statistics_snapshot s = rt.statistics();
  EXPECT_EQ(s.sockets, 0);
  EXPECT_EQ(s.socket_waits, 0);
  EXPECT_EQ(s.pending_timers, 0);
  EXPECT_GT(s.socket_events, 0U);
}

// Every worker always has something to run: nobody waits in the poller.
TEST_P(tcp, is_not_starved_by_busy_workers) {
  dwell::run(
      []() -> task<> {
        const auto spin = [](const std::atomic<bool>& done) -> task<> {
          while (!done) co_await dwell::yield_now();
        };
        std::atomic<bool> done{false};
        auto asking = [](std::atomic<bool>& finished) -> task<int> {
          const int answers = co_await ask_all(10, 10);
          finished = true;
          co_return answers;
        }(done);
        auto all = dwell::gather(std::move(asking), spin(done), spin(done), spin(done), spin(done));
        EXPECT_EQ(std::get<0>(co_await std::move(all)), 100);
      }(),
      pool());
}

}  // namespace
