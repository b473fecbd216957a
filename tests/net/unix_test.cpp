// Unix sockets: connections within the machine, and the files that stand for listeners.
#include <cerrno>
#include <chrono>
#include <filesystem>
#include <fstream>
#include <gtest/gtest.h>
#include <stdexcept>
#include <string>
#include <unistd.h>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>
#include <dwell/net/unix.hpp>

#include "net/on_reactors.hpp"
#include "net/reading.hpp"

namespace {

using dwell::task;
using dwell::net::bytes_of;
using dwell::net::unix_listener;
using dwell::net::unix_stream;
using dwell_test::fault_of;
using dwell_test::read_all;
using namespace std::chrono_literals;

class unix_socket : public dwell_test::on_reactors {
 protected:
  // Of this process and test: several run at a time.
  [[nodiscard]] static std::string path() {
    const auto* const test = testing::UnitTest::GetInstance()->current_test_info();
    const std::string name = std::to_string(getpid()) + "_" + std::to_string(test->line());
    return (std::filesystem::temp_directory_path() / ("dwell_" + name)).string();
  }
};
INSTANTIATE_TEST_SUITE_P(reactors, unix_socket, dwell_test::each_reactor(),
                         dwell_test::reactor_name);

struct ends {
  unix_stream client;
  unix_stream server;
};

task<ends> connected(unix_listener& listener, std::string at) {
  auto both = dwell::gather(unix_stream::connect(at), listener.accept());
  auto [client, server] = co_await std::move(both);
  co_return ends{std::move(client), std::move(server)};
}

task<> talks_over(std::string at) {
  auto listener = unix_listener::bind(at);
  ends c = co_await connected(listener, at);
  co_await write_all(c.client, bytes_of("question"));
  co_await c.client.shutdown_write();
  EXPECT_EQ(co_await read_all(c.server), "question");
  co_await write_all(c.server, bytes_of("answer"));
  c.server.close();
  EXPECT_EQ(co_await read_all(c.client), "answer");
  EXPECT_EQ(listener.local().address(), at);
  EXPECT_EQ(c.client.peer().address(), at);
  EXPECT_EQ(c.client.local().address(), "") << "a client has no name";
}

TEST_P(unix_socket, carries_bytes_both_ways) { dwell::run(talks_over(path()), pool()); }

TEST_P(unix_socket, may_have_an_abstract_name_and_then_makes_no_file) {
  dwell::run(talks_over("@" + path()), pool());
  EXPECT_FALSE(std::filesystem::exists(path()));
  EXPECT_FALSE(std::filesystem::exists("@" + path()));
}

TEST_P(unix_socket, is_a_file_while_somebody_listens) {
  dwell::run(
      [](std::string at) -> task<> {
        auto listener = unix_listener::bind(at);
        EXPECT_TRUE(std::filesystem::is_socket(at));
        unix_listener moved = std::move(listener);
        listener.close();
        EXPECT_TRUE(std::filesystem::is_socket(at)) << "what was moved from owns nothing";
        moved.close();
        EXPECT_FALSE(std::filesystem::exists(at));
        { const auto again = unix_listener::bind(at); }
        EXPECT_FALSE(std::filesystem::exists(at)) << "the destructor removes it too";
        EXPECT_EQ(co_await fault_of(unix_stream::connect(at)), ENOENT);
      }(path()),
      pool());
}

int fault_of_bind(const std::string& at) {
  try {
    (void)unix_listener::bind(at);
  } catch (const dwell::net::error& e) {
    return e.code().value();
  }
  return 0;
}

TEST_P(unix_socket, replaces_the_file_of_a_listener_that_is_gone_and_of_no_other) {
  dwell::run(
      [](std::string at) -> task<> {
        auto listener = unix_listener::bind(at);
        EXPECT_EQ(fault_of_bind(at), EADDRINUSE);
        EXPECT_TRUE(std::filesystem::is_socket(at));
        // As if killed: nobody removes the file.
        std::filesystem::create_hard_link(at, at + "_kept");
        listener.close();
        std::filesystem::rename(at + "_kept", at);
        EXPECT_EQ(co_await fault_of(unix_stream::connect(at)), ECONNREFUSED);
        EXPECT_EQ(fault_of_bind(at), 0);
        std::ofstream(at) << "a file";
        EXPECT_EQ(fault_of_bind(at), EADDRINUSE);
        EXPECT_TRUE(std::filesystem::is_regular_file(at));
        std::filesystem::remove(at);
      }(path()),
      pool());
}

TEST_P(unix_socket, leaves_a_file_that_took_its_place) {
  dwell::run(
      [](std::string at) -> task<> {
        auto old = unix_listener::bind(at);
        std::filesystem::remove(at);
        const auto young = unix_listener::bind(at);
        old.close();
        EXPECT_TRUE(std::filesystem::is_socket(at));
        co_return;
      }(path()),
      pool());
}

TEST_P(unix_socket, refuses_a_path_that_is_too_long) {
  dwell::run(
      []() -> task<> {
        EXPECT_THROW((void)unix_listener::bind(std::string(108, 'x')), std::length_error);
        EXPECT_THROW((void)unix_stream::connect(std::string(108, 'x')), std::length_error);
        co_return;
      }(),
      pool());
}

task<bool> is_late(task<unix_stream> attempt) {
  try {
    (void)co_await std::move(attempt);
  } catch (const dwell::timed_out&) {
    co_return true;
  }
  co_return false;
}

// The system has no wait for this one: a connect to a full line says EAGAIN.
TEST_P(unix_socket, waits_while_the_line_is_full) {
  dwell::run(
      [](std::string at) -> task<> {
        auto listener = unix_listener::bind(at, {.backlog = 0});
        const unix_stream held = co_await unix_stream::connect(at);
        EXPECT_TRUE(co_await is_late(dwell::timeout(5ms, unix_stream::connect(at))));
        auto both = dwell::gather(unix_stream::connect(at), listener.accept());
        const auto [client, server] = co_await std::move(both);
        EXPECT_TRUE(client.is_open());
      }(path()),
      pool());
}

}  // namespace
