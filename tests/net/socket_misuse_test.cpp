// Mistakes in the use of sockets stop the program with a sentence that says what to do; lacks of
// the machine do not.
#include <array>
#include <chrono>
#include <gtest/gtest.h>
#include <optional>
#include <thread>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/net/tcp.hpp>
#include <dwell/net/udp.hpp>
#include <dwell/sim/run.hpp>

#include "net/on_reactors.hpp"
#include "os/sanitized.hpp"
#include "support/descriptor_limit.hpp"
#include "support/workers.hpp"

namespace {

using dwell::task;
using dwell::net::bytes_of;
using dwell::net::endpoint;
using dwell::net::tcp_listener;
using dwell::net::tcp_stream;
using dwell::net::udp_socket;
using dwell_test::connected;
using dwell_test::connection;
using namespace std::chrono_literals;

class misuse_death : public testing::Test {
 protected:
  void SetUp() override { GTEST_FLAG_SET(death_test_style, "threadsafe"); }
};

// On one worker: two readers at the same time are a data race too, and ThreadSanitizer's to tell.
task<> two_readers() {
  connection c = co_await connected();
  std::byte a{};
  std::byte b{};
  auto both = dwell::gather(c.client.read_some({&a, 1}), c.client.read_some({&b, 1}));
  co_await std::move(both);
}

TEST_F(misuse_death, of_one_socket_by_two_readers) {
  EXPECT_DEATH(dwell_test::run_on(1, two_readers()), "one task at a time reads from a socket");
}

// On one worker the reader has begun to wait before the other child can close.
task<> closed_while_read() {
  connection c = co_await connected();
  std::byte a{};
  auto both = dwell::gather(c.client.read_some({&a, 1}), [](tcp_stream& s) -> task<> {
    co_await dwell::sleep_for(1ms);
    s.close();
  }(c.client));
  co_await std::move(both);
}

TEST_F(misuse_death, by_closing_what_a_task_waits_on) {
  EXPECT_DEATH(dwell_test::run_on(1, closed_while_read()),
               "is closed while a task waits on it: end the task");
}

task<> used_after_a_move() {
  connection c = co_await connected();
  const tcp_stream other = std::move(c.client);
  std::byte a{};
  co_await c.client.read_some({&a, 1});
}

TEST_F(misuse_death, after_a_move) {
  EXPECT_DEATH(dwell::run(used_after_a_move()), "is used after it was closed or moved from");
}

// The epoll set is shared: closed in the child, the socket would leave the parent's set too.
task<> goes_on_though_a_child_closes_its_copy() {
  connection c = co_await connected();
  EXPECT_DEATH(c.server.close(), "a socket: used in the child of a fork");
  std::array<std::byte, 5> room{};
  auto both = dwell::gather(read_exactly(c.server, room), [](tcp_stream& s) -> task<> {
    co_await dwell::sleep_for(1ms);
    co_await write_all(s, bytes_of("alive"));
  }(c.client));
  co_await std::move(both);
}

TEST(a_socket_of_the_parent, outlives_what_the_child_of_a_fork_does_with_it) {
  GTEST_FLAG_SET(death_test_style, "fast");  // a plain fork
  dwell::run(goes_on_though_a_child_closes_its_copy());
}

task<> reads(tcp_stream& from) {
  std::byte a{};
  co_await from.read_some({&a, 1});
}

TEST_F(misuse_death, in_another_runtime) {
  EXPECT_DEATH(
      {
        dwell::runtime other;
        connection c = dwell::run(connected());
        other.run(reads(c.client));
      },
      "is used in another runtime than the one that it was made in");
}

TEST_F(misuse_death, in_a_simulation) {
  EXPECT_DEATH(dwell::sim::run(1,
                               []() -> task<> {
                                 (void)tcp_listener::bind(endpoint::loopback(0));
                                 co_return;
                               }()),
               "in a simulation use sim::network instead");
}

// ---- The same with datagrams ----

udp_socket bound() { return udp_socket::bind(endpoint::loopback(0)); }

task<> receives(udp_socket& at) {
  std::byte a{};
  (void)co_await at.receive({&a, 1});
}

TEST_F(misuse_death, of_one_udp_socket_by_two_receivers) {
  EXPECT_DEATH(dwell_test::run_on(1,
                                  []() -> task<> {
                                    udp_socket s = bound();
                                    co_await dwell::gather(receives(s), receives(s));
                                  }()),
               "one task at a time reads from a socket");
}

TEST_F(misuse_death, by_closing_a_udp_socket_on_which_a_task_waits) {
  EXPECT_DEATH(dwell_test::run_on(1,
                                  []() -> task<> {
                                    udp_socket s = bound();
                                    const dwell::join_handle<> waiting = dwell::spawn(receives(s));
                                    co_await dwell::sleep_for(1ms);
                                    s.close();
                                  }()),
               "is closed while a task waits on it: end the task");
}

TEST_F(misuse_death, of_a_udp_socket_after_its_close) {
  EXPECT_DEATH(dwell::run([]() -> task<> {
                 udp_socket s = bound();
                 s.close();
                 co_await receives(s);
               }()),
               "is used after it was closed or moved from");
}

TEST_F(misuse_death, of_a_udp_socket_in_another_runtime) {
  EXPECT_DEATH(
      {
        dwell::runtime other;
        udp_socket s = dwell::run([]() -> task<udp_socket> { co_return bound(); }());
        other.run(receives(s));
      },
      "is used in another runtime than the one that it was made in");
}

TEST_F(misuse_death, of_a_udp_socket_outside_a_runtime) {
  EXPECT_DEATH((void)bound(), "a UDP socket: needs a runtime");
}

// ---- What is no mistake ----

TEST(a_socket, may_be_closed_after_its_runtime_has_ended) {
  std::optional<connection> c = dwell::run(connected());
  EXPECT_EQ(c->client.local(), c->server.peer());
  c.reset();
}

TEST(a_socket, that_is_waited_on_is_no_deadlock) {
  tcp_stream outside;
  dwell::run([]() -> task<> {
    tcp_listener listener = tcp_listener::bind(endpoint::loopback(0));
    // A thread of somebody else's, of which the runtime knows nothing.
    std::thread other([to = listener.local()] {
      std::this_thread::sleep_for(30ms);
      dwell::run([](endpoint e) -> task<> { (void)co_await tcp_stream::connect(e); }(to));
    });
    (void)co_await listener.accept();
    other.join();
  }());
}

TEST(a_socket, that_nobody_waits_on_does_not_hide_a_deadlock) {
  EXPECT_THROW(dwell::run([]() -> task<> {
                 const tcp_listener listener = tcp_listener::bind(endpoint::loopback(0));
                 dwell::event never;
                 co_await never.wait();
               }()),
               dwell::deadlock_error);
}

// ---- No descriptor left ----

task<int> one_answer(tcp_stream& s) {
  co_await write_all(s, bytes_of("?"));
  std::byte answer{};
  co_return static_cast<int>(co_await s.read_some({&answer, 1}));
}

task<> answer_each(tcp_listener& listener) {
  co_await dwell::with_task_group([&](dwell::task_group& group) -> task<> {
    for (;;) {
      group.spawn([](tcp_stream s) -> task<> {
        std::array<std::byte, 1> room{};
        while (co_await s.read_some(room) > 0) co_await write_all(s, room);
      }(co_await listener.accept()));
    }
  });
}

// Both ends take a descriptor, so clients and server run out together; whoever closes makes room.
TEST(a_listener, survives_that_there_are_no_descriptors_left) {
  if (dwell_test::sanitized) GTEST_SKIP() << "sanitizers open files of their own";
  const dwell_test::descriptor_limit few(64);
  dwell::run([]() -> task<> {
    tcp_listener listener = tcp_listener::bind(endpoint::loopback(0));
    const auto clients = [&]() -> task<> {
      std::vector<tcp_stream> held;
      try {
        for (;;) held.push_back(co_await tcp_stream::connect(listener.local()));
      } catch (const dwell::net::error& e) {
        EXPECT_EQ(e.code().value(), EMFILE);
      }
      while (listener.starved() == 0) co_await dwell::sleep_for(1ms);
      held.resize(held.size() / 2);
      EXPECT_EQ(co_await one_answer(held.back()), 1) << "the last one is served in the end";
    };
    co_await dwell::race(answer_each(listener), clients());
    EXPECT_LT(listener.starved(), 100U) << "it pauses between two tries";
  }());
}

}  // namespace
