// The cancel sweep over simulated connections.
#include <chrono>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/sim/network.hpp>

#include "conformance/sweep.hpp"
#include "net/reading.hpp"

namespace {

namespace net = dwell::net;
namespace sim = dwell::sim;
using namespace sweep;
using dwell_test::read_all;
using dwell_test::read_text;
using net::bytes_of;

struct network_accept final : awaitable {
  sim::network network;
  sim::listener listening = network.listen("server");
  std::optional<sim::connection> client;
  std::optional<sim::connection> server;

  task<> wait() override { server = co_await listening.accept(); }
  task<> complete(join_handle<>&) override { client = co_await network.connect("server"); }
  task<> check(bool got) override {
    EXPECT_EQ(server.has_value(), got);
    if (!got) co_await wait();
    co_await net::write_all(*client, bytes_of("x"));
    EXPECT_EQ(co_await read_text(*server), "x") << "the connection was not lost";
  }
};

struct network_connect final : awaitable {
  sim::network network;
  std::optional<sim::listener> listening{network.listen("server")};
  std::optional<sim::connection> client;

  task<> wait() override { client = co_await network.connect("server"); }
  task<> complete(join_handle<>&) override {
    co_await dwell::sleep_for(
        dwell::random_duration(std::chrono::milliseconds(0), std::chrono::milliseconds(12)));
  }
  task<> check(bool got) override {
    EXPECT_EQ(client.has_value(), got);
    client.reset();
    std::optional<sim::connection> server;
    auto limited = dwell::move_on_after(std::chrono::seconds(1), listening->accept());
    server = co_await std::move(limited);
    if (server) {
      EXPECT_EQ(co_await read_text(*server), "") << "its client is gone";
    } else {
      EXPECT_FALSE(got);
    }
  }
};

// What reads and writes have in common: a connection, made where no cancel comes.
struct on_connection : awaitable {
  explicit on_connection(const sim::network_options& o = {}) : network(o) {}

  sim::network network;
  sim::listener listening = network.listen("server");
  sim::connection client;
  sim::connection server;
  bool connected = false;

  task<> connect() {
    if (connected) co_return;
    client = co_await network.connect("server");
    server = co_await listening.accept();
    connected = true;
  }
};

struct connection_read final : on_connection {
  std::string got_text;
  dwell::event ready;
  bool wrote = false;

  task<> wait() override {
    auto connecting = dwell::shield(connect());
    co_await std::move(connecting);
    ready.set();
    got_text = co_await read_text(server);
  }
  task<> complete(join_handle<>& victim) override {
    const auto gone = [&]() -> task<> { co_await victim.wait(); };
    const auto writes = [&]() -> task<> {
      co_await ready.wait();
      co_await net::write_all(client, bytes_of("abc"));
      wrote = true;
    };
    co_await dwell::race(writes(), gone());
  }
  task<> check(bool got) override {
    EXPECT_EQ(got_text, got ? "abc" : "");
    co_await connect();
    co_await client.shutdown_write();
    EXPECT_EQ(co_await read_all(server), wrote && !got ? "abc" : "");
  }
};

struct connection_write final : on_connection {
  connection_write() : on_connection({.window = 2}) {}
  std::string read;
  dwell::event full;

  task<> wait() override {
    auto connecting = dwell::shield(connect());
    co_await std::move(connecting);
    auto filling = dwell::shield(net::write_all(client, bytes_of("ab")));
    co_await std::move(filling);
    full.set();
    EXPECT_EQ(co_await client.write_some(bytes_of("cde")), 1U);
  }
  task<> complete(join_handle<>& victim) override {
    const auto gone = [&]() -> task<> { co_await victim.wait(); };
    const auto reads = [&]() -> task<> {
      co_await full.wait();
      read = co_await read_text(server, 1);
    };
    co_await dwell::race(reads(), gone());
  }
  task<> check(bool got) override {
    if (!full.is_set()) co_return;
    co_await client.shutdown_write();
    EXPECT_EQ(read + co_await read_all(server), got ? "abc" : "ab");
  }
};

const row rows[] = {
    {"accept", &make<network_accept>},
    {"connect", &make<network_connect>},
    {"connection_read_some", &make<connection_read>},
    {"connection_write_some", &make<connection_write>},
};

class network_sweep_simulated : public every_simulated_await {};
INSTANTIATE_TEST_SUITE_P(awaits, network_sweep_simulated, testing::ValuesIn(rows), name_of);

TEST_P(network_sweep_simulated, loses_nothing_over_the_seeds) { sweep_seeds(); }

}  // namespace
