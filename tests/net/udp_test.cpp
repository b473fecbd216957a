// UDP: datagrams to ourselves, through the kernel.
#include <array>
#include <cerrno>
#include <chrono>
#include <cstddef>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/net/udp.hpp>

#include "net/ipv6.hpp"
#include "net/on_reactors.hpp"
#include "net/reading.hpp"
#include "support/scale.hpp"

namespace {

using dwell::task;
using dwell::net::bytes_of;
using dwell::net::datagram;
using dwell::net::endpoint;
using dwell::net::socket_option;
using dwell::net::text_of;
using dwell::net::udp_socket;
using dwell_test::fault_of;
using dwell_test::scaled;
using namespace std::chrono_literals;
using testing::HasSubstr;

class udp : public dwell_test::on_reactors {};
INSTANTIATE_TEST_SUITE_P(reactors, udp, dwell_test::each_reactor(), dwell_test::reactor_name);

udp_socket bound() { return udp_socket::bind(endpoint::loopback(0)); }

// The text of the next datagram, whole.
task<std::string> hear(udp_socket& at) {
  std::array<std::byte, 100> room{};
  const datagram got = co_await at.receive(room);
  EXPECT_FALSE(got.truncated());
  co_return std::string(text_of(std::span(room).first(got.count)));
}

TEST_P(udp, carries_datagrams_and_says_who_sent_them) {
  dwell::run(
      []() -> task<> {
        udp_socket a = bound();
        udp_socket b = bound();
        EXPECT_NE(a.local().port(), 0);
        EXPECT_EQ(a.peer(), endpoint());
        std::array<std::byte, 8> room{};
        auto both = dwell::gather(b.receive(room), a.send_to(bytes_of("to b"), b.local()));
        const auto results = co_await std::move(both);
        const datagram& got = std::get<0>(results);
        EXPECT_EQ(text_of(std::span(room).first(got.count)), "to b");
        EXPECT_EQ(got.from, a.local());
        co_await b.send_to(bytes_of("and back"), got.from);
        EXPECT_EQ(co_await hear(a), "and back");
      }(),
      pool());
}

TEST_P(udp, keeps_the_bounds_of_datagrams_that_came_together) {
  dwell::run(
      []() -> task<> {
        udp_socket a = bound();
        udp_socket b = bound();
        for (const char* const text : {"one", "", "three"})
          co_await a.send_to(bytes_of(text), b.local());
        EXPECT_EQ(co_await hear(b), "one");
        EXPECT_EQ(co_await hear(b), "") << "an empty one is one";
        EXPECT_EQ(co_await hear(b), "three");
      }(),
      pool());
}

TEST_P(udp, shows_that_a_datagram_did_not_fit_and_goes_on_with_the_next) {
  dwell::run(
      []() -> task<> {
        udp_socket a = bound();
        udp_socket b = bound();
        co_await a.send_to(bytes_of("too long"), b.local());
        co_await a.send_to(bytes_of("next"), b.local());
        std::array<std::byte, 3> room{};
        const datagram cut = co_await b.receive(room);
        EXPECT_TRUE(cut.truncated());
        EXPECT_EQ(cut.size, 8U);
        EXPECT_EQ(cut.count, 3U);
        EXPECT_EQ(text_of(room), "too");
        EXPECT_EQ(co_await hear(b), "next");
      }(),
      pool());
}

TEST_P(udp, connected_speaks_with_its_peer_and_hears_nobody_else) {
  dwell::run(
      []() -> task<> {
        udp_socket server = bound();
        udp_socket stranger = bound();
        udp_socket client = udp_socket::connect(server.local());
        EXPECT_EQ(client.peer(), server.local());
        co_await stranger.send_to(bytes_of("psst"), client.local());
        co_await client.send(bytes_of("question"));
        EXPECT_EQ(co_await hear(server), "question");
        co_await server.send_to(bytes_of("answer"), client.local());
        EXPECT_EQ(co_await hear(client), "answer");
      }(),
      pool());
}

// ---- Nobody there ----

// Where somebody was a moment ago.
endpoint abandoned() { return bound().local(); }

task<int> fault_of_a_receive(udp_socket& at) {
  std::array<std::byte, 8> room{};
  co_return co_await fault_of(at.receive(room));
}

// A task<int>, for fault_of().
task<int> sends(udp_socket& from, const char* text) {
  co_await from.send(bytes_of(text));
  co_return 0;
}

TEST_P(udp, connected_is_told_that_nobody_is_there_and_goes_on) {
  dwell::run(
      []() -> task<> {
        const endpoint there = abandoned();
        udp_socket client = udp_socket::connect(there);
        co_await client.send(bytes_of("anybody?"));
        EXPECT_EQ(co_await fault_of_a_receive(client), ECONNREFUSED);
        udp_socket server = udp_socket::bind(there);
        co_await client.send(bytes_of("again"));
        EXPECT_EQ(co_await hear(server), "again") << "it was told once";
      }(),
      pool());
}

TEST_P(udp, connected_is_told_so_while_it_waits) {
  dwell::run(
      []() -> task<> {
        udp_socket client = udp_socket::connect(abandoned());
        auto both = dwell::gather(fault_of_a_receive(client), sends(client, "anybody?"));
        const auto results = co_await std::move(both);
        EXPECT_EQ(std::get<0>(results), ECONNREFUSED);
      }(),
      pool());
}

TEST_P(udp, connected_is_told_so_by_a_send_which_then_sends_nothing) {
  dwell::run(
      []() -> task<> {
        const endpoint there = abandoned();
        udp_socket client = udp_socket::connect(there);
        co_await client.send(bytes_of("anybody?"));
        udp_socket server = udp_socket::bind(there);
        EXPECT_EQ(co_await fault_of(sends(client, "lost")), ECONNREFUSED);
        co_await client.send(bytes_of("again"));
        EXPECT_EQ(co_await hear(server), "again");
      }(),
      pool());
}

// A socket that speaks to many is not told who of them was not there: it would be an error of none
// of its operations.
TEST_P(udp, that_is_not_connected_is_not_told) {
  dwell::run(
      []() -> task<> {
        udp_socket a = bound();
        udp_socket b = bound();
        co_await a.send_to(bytes_of("anybody?"), abandoned());
        co_await a.send_to(bytes_of("you"), b.local());
        EXPECT_EQ(co_await hear(b), "you");
        co_await b.send_to(bytes_of("yes"), a.local());
        EXPECT_EQ(co_await hear(a), "yes");
      }(),
      pool());
}

// ---- Names and options ----

TEST_P(udp, carries_datagrams_over_ipv6) {
  if (!dwell_test::has_ipv6()) GTEST_SKIP() << "no IPv6 here";
  dwell::run(
      []() -> task<> {
        udp_socket server = udp_socket::bind(dwell_test::ipv6_loopback());
        udp_socket client = udp_socket::connect(server.local());
        co_await client.send(bytes_of("six"));
        std::array<std::byte, 8> room{};
        EXPECT_EQ((co_await server.receive(room)).from, client.local());
      }(),
      pool());
}

TEST_P(udp, shares_a_port_between_sockets_that_ask_for_it) {
  dwell::run(
      []() -> task<> {
        const udp_socket first = udp_socket::bind(endpoint::loopback(0), {.reuse_port = true});
        EXPECT_NO_THROW((void)udp_socket::bind(first.local(), {.reuse_port = true}));
        co_return;
      }(),
      pool());
}

TEST_P(udp, has_the_options_of_a_socket) {
  dwell::run(
      []() -> task<> {
        udp_socket a = bound();
        a.set(socket_option::broadcast, 1);
        EXPECT_NE(a.get(socket_option::broadcast), 0);
        a.set(socket_option::receive_buffer, 1 << 16);
        EXPECT_GE(a.get(socket_option::receive_buffer), 1 << 16);
        try {
          a.set(socket_option::no_delay, 1);
          ADD_FAILURE() << "that is an option of TCP";
        } catch (const dwell::net::error& e) {
          EXPECT_THAT(e.what(), HasSubstr("set an option of a socket"));
        }
        co_return;
      }(),
      pool());
}

TEST_P(udp, goes_on_where_it_was_moved_to_and_ends_where_it_is_closed) {
  dwell::run(
      []() -> task<> {
        udp_socket a = bound();
        udp_socket b = bound();
        const endpoint there = b.local();
        co_await a.send_to(bytes_of("before"), there);
        udp_socket moved = std::move(b);
        EXPECT_EQ(moved.local(), there);
        EXPECT_EQ(co_await hear(moved), "before");
        moved.close();
        EXPECT_FALSE(moved.is_open());
        EXPECT_EQ(moved.local(), endpoint());
        EXPECT_NO_THROW((void)udp_socket::bind(there)) << "the port is free";
      }(),
      pool());
}

// ---- Failing, and being cancelled ----

TEST_P(udp, fails_with_the_systems_error_and_what_was_tried) {
  dwell::run(
      []() -> task<> {
        udp_socket a = bound();
        std::string what;
        try {
          (void)udp_socket::bind(a.local());
        } catch (const dwell::net::error& e) {
          EXPECT_EQ(e.code().value(), EADDRINUSE);
          what = e.what();
        }
        EXPECT_THAT(what, HasSubstr("receive at " + a.local().to_string()));
        const std::string much(65'508, 'x');
        auto too_long = [](udp_socket& s, const std::string& text) -> task<int> {
          co_await s.send_to(bytes_of(text), s.local());
          co_return 0;
        };
        EXPECT_EQ(co_await fault_of(too_long(a, much)), EMSGSIZE);
        EXPECT_EQ(co_await fault_of(sends(a, "to whom?")), EDESTADDRREQ);
      }(),
      pool());
}

TEST_P(udp, leaves_the_datagram_to_the_next_when_a_receive_is_cancelled) {
  dwell::run(
      []() -> task<> {
        udp_socket a = bound();
        udp_socket b = bound();
        std::array<std::byte, 8> room{};
        EXPECT_FALSE((co_await dwell::move_on_after(1ms, b.receive(room))).has_value());
        co_await a.send_to(bytes_of("late"), b.local());
        EXPECT_EQ(co_await hear(b), "late");
      }(),
      pool());
}

// ---- Many ----

task<> echo(udp_socket& at) {
  std::array<std::byte, 64> room{};
  for (;;) {
    const datagram got = co_await at.receive(room);
    co_await at.send_to(std::span(room).first(got.count), got.from);
  }
}

// One question at a time, and so none is dropped.
task<int> asks(endpoint there, int id, int rounds) {
  udp_socket s = udp_socket::connect(there);
  int answers = 0;
  for (int i = 0; i < rounds; ++i) {
    const std::string question = std::to_string(id) + ":" + std::to_string(i);
    co_await s.send(bytes_of(question));
    const std::string answer = co_await hear(s);
    if (answer == question) ++answers;
  }
  co_return answers;
}

task<int> ask_all(int clients, int rounds) {
  udp_socket server = bound();
  std::vector<task<int>> all;
  for (int i = 0; i < clients; ++i) all.push_back(asks(server.local(), i, rounds));
  auto sum = [](std::vector<task<int>> asked) -> task<int> {
    int answers = 0;
    const std::vector<int> each = co_await dwell::gather(std::move(asked));
    for (const int one : each) answers += one;
    co_return answers;
  };
  auto either = dwell::race(sum(std::move(all)), echo(server));
  const auto ended = co_await std::move(either);
  co_return std::get<0>(ended);
}

TEST_P(udp, serves_many_peers_from_one_socket_and_gives_everything_back) {
  dwell::runtime rt(pool());
  const int rounds = static_cast<int>(scaled(50));
  EXPECT_EQ(rt.run(ask_all(20, rounds)), 20 * rounds);
  const dwell::statistics_snapshot s = rt.statistics();
  EXPECT_EQ(s.sockets, 0);
  EXPECT_EQ(s.socket_waits, 0);
}

}  // namespace
