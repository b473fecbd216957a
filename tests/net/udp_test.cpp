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

#include "net/on_reactors.hpp"
#include "net/reading.hpp"
#include "support/scale.hpp"

namespace {

using dwell::task;
using dwell::net::bytes_of;
using dwell::net::datagram;
using dwell::net::endpoint;
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

TEST_P(udp, connected_is_told_that_nobody_is_there_and_goes_on) {
  dwell::run(
      []() -> task<> {
        udp_socket server = bound();
        udp_socket client = udp_socket::connect(server.local());
        const endpoint there = server.local();
        server.close();
        co_await client.send(bytes_of("anybody?"));
        std::array<std::byte, 8> room{};
        EXPECT_EQ(co_await fault_of(client.receive(room)), ECONNREFUSED);
        server = udp_socket::bind(there);
        co_await client.send(bytes_of("again"));
        EXPECT_EQ(co_await hear(server), "again");
      }(),
      pool());
}

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
