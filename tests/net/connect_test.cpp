// Connecting by name: a name server of ours, and this machine's loopback addresses.
#include <cerrno>
#include <chrono>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include <dwell/net/connect.hpp>

#include "net/reading.hpp"
#include "net/resolving.hpp"

namespace {

using dwell::task;
using dwell::net::bytes_of;
using dwell::net::endpoint;
using dwell::net::resolver;
using dwell::net::tcp_listener;
using dwell::net::tcp_stream;
using namespace std::chrono_literals;
using testing::HasSubstr;

class connecting : public dwell_test::resolving {
 protected:
  resolver names{dwell_test::asking(server)};
};

// Who was reached: the address of the connection, once both ends speak over it.
task<std::string> reached(resolver& names, tcp_listener& at, std::string host) {
  auto both =
      dwell::gather(dwell::net::connect(names, std::move(host), at.local().port()), at.accept());
  auto [client, peer] = co_await std::move(both);
  co_await write_all(peer, bytes_of("hello"));
  EXPECT_EQ(co_await dwell_test::read_text(client), "hello");
  co_return client.peer().address();
}

TEST_F(connecting, reaches_a_host_by_its_name) {
  server.set("name.test", {.a = {"127.0.0.1"}});
  run([](resolver& by) -> task<> {
    auto listener = tcp_listener::bind(endpoint::loopback(0));
    EXPECT_EQ(co_await reached(by, listener, "name.test"), "127.0.0.1");
    EXPECT_EQ(co_await reached(by, listener, "127.0.0.1"), "127.0.0.1");
  }(names));
}

TEST_F(connecting, tries_the_other_family_when_nobody_listens_in_the_first) {
  server.set("name.test", {.a = {"127.0.0.1"}, .aaaa = {"::1"}});
  run([](resolver& by) -> task<> {
    auto four = tcp_listener::bind(endpoint::loopback(0));
    EXPECT_EQ(co_await reached(by, four, "name.test"), "127.0.0.1");
    auto six = tcp_listener::bind(endpoint::from_ip("::1", 0).value());
    EXPECT_EQ(co_await reached(by, six, "name.test"), "::1");
  }(names));
}

// By append(): GCC 12 takes some sums of strings for overlapping copies.
std::string at(std::string host, std::uint16_t port) {
  return host.append(":").append(std::to_string(port));
}

std::uint16_t unused_port() { return tcp_listener::bind(endpoint::loopback(0)).local().port(); }

TEST_F(connecting, says_of_every_address_why_it_could_not_be_reached) {
  server.set("name.test", {.a = {"127.0.0.1", "127.0.0.2"}});
  run([](resolver& by) -> task<> {
    const std::uint16_t port = unused_port();
    std::string what;
    try {
      (void)co_await dwell::net::connect(by, "name.test", port);
    } catch (const dwell::net::error& e) {
      EXPECT_EQ(e.code().value(), ECONNREFUSED);
      what = e.what();
    }
    EXPECT_THAT(what, HasSubstr(at("connect to name.test", port)));
    EXPECT_THAT(what, HasSubstr(at("127.0.0.1", port).append(": Connection refused")));
    EXPECT_THAT(what, HasSubstr(at("127.0.0.2", port).append(": Connection refused")));
  }(names));
}

TEST_F(connecting, passes_on_that_there_is_no_such_name) {
  server.set("name.test", {.rcode = dwell_test::nxdomain});
  run([](resolver& by) -> task<> {
    bool refused = false;
    try {
      (void)co_await dwell::net::connect(by, "name.test", 80);
    } catch (const dwell::net::resolve_error&) {
      refused = true;
    }
    EXPECT_TRUE(refused);
  }(names));
}

// An address that answers nothing: a listener without a backlog holds one connection and no more.
TEST_F(connecting, goes_past_an_address_that_is_silent_and_drops_that_attempt) {
  server.set("name.test", {.a = {"127.0.0.1", "127.0.0.2"}});
  dwell::runtime rt(dwell_test::workers(2));
  rt.run([](const dwell::runtime& in, resolver& by) -> task<> {
    auto silent = tcp_listener::bind(endpoint::loopback(0), {.backlog = 0});
    const std::uint16_t port = silent.local().port();
    const tcp_stream held = co_await tcp_stream::connect(silent.local());
    auto listener = tcp_listener::bind(endpoint::from_ip("127.0.0.2", port).value());
    const auto before = in.statistics().sockets;
    auto client = co_await dwell::net::connect(by, "name.test", port, {.attempt_delay = 1ms});
    EXPECT_EQ(client.peer().address(), "127.0.0.2");
    EXPECT_EQ(in.statistics().sockets, before + 1) << "a losing attempt is still open";
  }(rt, names));
}

TEST_F(connecting, cancelled_drops_every_attempt) {
  server.set("name.test", {.a = {"127.0.0.1"}, .how = dwell_test::manner::silent});
  run([](resolver& by) -> task<> {
    const auto never = co_await dwell::move_on_after(5ms, dwell::net::connect(by, "name.test", 80));
    EXPECT_FALSE(never.has_value());
  }(names));
}

}  // namespace
