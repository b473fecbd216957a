// The cancel sweep over the sockets of this machine: whatever operation is cancelled, at whatever
// moment, has had its whole effect or none, the socket goes on, and no descriptor is left.
#include <array>
#include <cerrno>
#include <cstddef>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/net/connect.hpp>
#include <dwell/net/udp.hpp>

#include "conformance/sweep.hpp"
#include "net/reading.hpp"
#include "net/resolving.hpp"
#include "net/transports.hpp"
#include "support/open_descriptors.hpp"

namespace {

namespace net = dwell::net;
using namespace sweep;
using dwell_test::over_tcp;
using dwell_test::over_unix;
using dwell_test::read_all;
using dwell_test::read_text;
using net::bytes_of;

// Closes without the minute in which the system remembers a connection: these are too many.
void abort(net::stream_socket& s) {
  if (!s.is_open()) return;
  s.set(net::socket_option::linger, 0);
  s.close();
}

// Ends `operation`, or with the victim if nobody will meet the operation any more.
task<> unless_gone(task<> operation, join_handle<>& victim) {
  const auto gone = [&]() -> task<> { co_await victim.wait(); };
  co_await dwell::race(std::move(operation), gone());
}

// ---- Connecting and accepting ----

template <class Transport>
struct accepts final : awaitable {
  typename Transport::listener listener = Transport::listen();
  typename Transport::stream client;
  typename Transport::stream server;

  task<> wait() override { server = co_await listener.accept(); }
  task<> complete(join_handle<>&) override { client = co_await Transport::connect(listener); }
  task<> check(bool got) override {
    EXPECT_EQ(server.is_open(), got);
    if (!got) co_await wait();
    co_await write_all(client, bytes_of("x"));
    EXPECT_EQ(co_await read_text(server), "x") << "the connection was not lost";
    abort(client);
  }
};

template <class Transport>
struct connects : awaitable {
  typename Transport::listener listener = Transport::listen();
  typename Transport::stream client;

  virtual task<typename Transport::stream> attempt() { return Transport::connect(listener); }

  task<> wait() override { client = co_await attempt(); }
  task<> complete(join_handle<>&) override { co_return; }
  // In line before the connection of now there may be that of a cancelled attempt, which has ended.
  task<> check(bool got) override {
    EXPECT_EQ(client.is_open(), got);
    if (!got) co_await wait();
    co_await write_all(client, bytes_of("x"));
    for (int dropped = 0;; ++dropped) {
      typename Transport::stream server = co_await listener.accept();
      const std::string said = co_await read_text(server);
      abort(server);
      if (said == "x") break;
      EXPECT_EQ(said, "");
      EXPECT_LT(dropped, got ? 0 : 1);
    }
  }
};

// What knows the name "sweep.test", which has an address at which nobody listens, and one at which
// somebody does.
struct resolvers {
  explicit resolvers(const dwell_test::dns_server& server)
      : asking(asking_each_time(server)), knowing(dwell_test::asking(server)) {}

  static net::resolver_options asking_each_time(const dwell_test::dns_server& server) {
    net::resolver_options options = dwell_test::asking(server);
    options.cache_entries = 0;
    return options;
  }

  net::resolver asking;   // the name server, each time: most cancels come before its answer
  net::resolver knowing;  // the answer, after the first time: they come while addresses are tried
};

std::optional<resolvers> names;  // while a test of the suite runs

template <net::resolver resolvers::*by>
struct connects_by_name final : connects<over_tcp> {
  task<net::tcp_stream> attempt() override {
    return net::connect((*names).*by, "sweep.test", listener.local().port());
  }
};

// ---- Reading and writing ----

// A connection, made where no cancel comes.
template <class Transport>
struct on_connection : awaitable {
  typename Transport::listener listener = Transport::listen();
  typename Transport::stream client;
  typename Transport::stream server;
  dwell::event begun;

  task<> connect() {
    if (client.is_open()) co_return;
    client = co_await Transport::connect(listener);
    server = co_await listener.accept();
  }
  task<> connect_uncancelled() {
    auto connecting = dwell::shield(connect());
    co_await std::move(connecting);
  }
};

task<std::size_t> read_into(net::stream_socket& from, net::bytes to, bool vectored) {
  const std::array<net::bytes, 2> parts{to.first(1), to.subspan(1)};
  if (vectored) co_return co_await from.read_some(std::span(parts));
  co_return co_await from.read_some(to);
}

task<std::size_t> write_from(net::stream_socket& to, net::const_bytes from, bool vectored) {
  const std::array<net::const_bytes, 2> parts{from.first(1), from.subspan(1)};
  if (vectored) co_return co_await to.write_some(std::span(parts));
  co_return co_await to.write_some(from);
}

template <class Transport, bool vectored>
struct reads final : on_connection<Transport> {
  std::array<std::byte, 8> room{};
  std::size_t count = 0;
  bool wrote = false;

  task<> wait() override {
    co_await this->connect_uncancelled();
    this->begun.set();
    count = co_await read_into(this->server, room, vectored);
  }
  task<> complete(join_handle<>& victim) override {
    const auto write = [this]() -> task<> {
      co_await this->begun.wait();
      co_await write_all(this->client, bytes_of("abc"));
      wrote = true;
    };
    co_await unless_gone(write(), victim);
  }
  task<> check(bool got) override {
    EXPECT_EQ(net::text_of(std::span(room).first(count)), got ? "abc" : "");
    co_await this->connect();
    co_await this->client.shutdown_write();
    EXPECT_EQ(co_await read_all(this->server), wrote && !got ? "abc" : "");
    abort(this->server);
  }
};

template <class Transport, bool vectored>
struct writes final : on_connection<Transport> {
  const std::string chunk = std::string(1 << 14, 'x');
  std::size_t written = 0;
  std::size_t drained = 0;

  // Until the system has no room.
  void fill() {
    this->client.set(net::socket_option::send_buffer, 4096);
    for (;;) {
      const auto sent = dwell::os::send(this->client.native_handle(), bytes_of(chunk));
      if (!sent.ok()) return;
      written += sent.count();
    }
  }
  task<> one_write() { written += co_await write_from(this->client, bytes_of(chunk), vectored); }

  task<> wait() override {
    co_await this->connect_uncancelled();
    fill();
    this->begun.set();
    co_await one_write();
  }
  task<> complete(join_handle<>& victim) override {
    const auto drain = [this]() -> task<> {
      co_await this->begun.wait();
      for (;;) {
        const std::string part = co_await read_text(this->server, 1 << 16);
        drained += part.size();
      }
    };
    co_await unless_gone(drain(), victim);
  }
  task<> check(bool) override {
    co_await this->connect();
    co_await this->client.shutdown_write();
    const std::string rest = co_await read_all(this->server, 1 << 16);
    drained += rest.size();
    EXPECT_EQ(drained, written);
    abort(this->server);
  }
};

// A half-close never waits: cancelled before it, it does nothing.
template <class Transport>
struct shuts_down final : on_connection<Transport> {
  task<> wait() override {
    co_await this->connect_uncancelled();
    co_await this->client.shutdown_write();
  }
  task<> complete(join_handle<>&) override { co_return; }
  task<> check(bool got) override {
    co_await this->connect();
    if (!got) co_await write_all(this->client, bytes_of("x"));
    EXPECT_EQ(co_await read_text(this->server), got ? "" : "x");
    abort(this->server);
  }
};

// ---- Datagrams ----

struct datagrams : awaitable {
  net::udp_socket a = net::udp_socket::bind(net::endpoint::loopback(0));
  net::udp_socket b = net::udp_socket::bind(net::endpoint::loopback(0));
  std::array<std::byte, 8> room{};

  // What the next one says. Each is there as soon as it was sent.
  task<std::string> heard() {
    const net::datagram got = co_await b.receive(room);
    co_return std::string(net::text_of(std::span(room).first(got.count)));
  }
};

struct receives_datagram final : datagrams {
  std::string text;

  task<> wait() override { text = co_await heard(); }
  task<> complete(join_handle<>&) override { co_await a.send_to(bytes_of("abc"), b.local()); }
  task<> check(bool got) override {
    if (!got) {
      EXPECT_EQ(text, "");
      co_await wait();
    }
    EXPECT_EQ(text, "abc");
    co_await a.send_to(bytes_of("next"), b.local());
    EXPECT_EQ(co_await heard(), "next") << "it came once";
  }
};

// That nobody was there is told once, to a receive that was not cancelled.
struct is_refused final : awaitable {
  net::udp_socket client =
      net::udp_socket::connect(net::udp_socket::bind(net::endpoint::loopback(0)).local());
  int fault = 0;

  task<> wait() override {
    std::array<std::byte, 8> room{};
    fault = co_await dwell_test::fault_of(client.receive(room));
  }
  task<> complete(join_handle<>&) override { co_await client.send(bytes_of("abc")); }
  task<> check(bool got) override {
    if (!got) {
      EXPECT_EQ(fault, 0);
      co_await wait();
    }
    EXPECT_EQ(fault, ECONNREFUSED);
    co_await client.send(bytes_of("it was told once"));
  }
};

// There is always room: cancelled before it, it does nothing.
template <bool connected>
struct sends_datagram final : datagrams {
  net::udp_socket c = net::udp_socket::connect(b.local());

  task<> say(const char* text) {
    if (connected)
      co_await c.send(bytes_of(text));
    else
      co_await a.send_to(bytes_of(text), b.local());
  }

  task<> wait() override { co_await say("abc"); }
  task<> complete(join_handle<>&) override { co_return; }
  task<> check(bool got) override {
    co_await say("next");
    if (got) {
      EXPECT_EQ(co_await heard(), "abc");
    }
    EXPECT_EQ(co_await heard(), "next");
  }
};

const row rows[] = {
    {"tcp_accept", &make<accepts<over_tcp>>},
    {"tcp_connect", &make<connects<over_tcp>>},
    {"tcp_connect_by_name", &make<connects_by_name<&resolvers::asking>>},
    {"tcp_connect_by_known_name", &make<connects_by_name<&resolvers::knowing>>},
    {"tcp_read_some", &make<reads<over_tcp, false>>},
    {"tcp_read_some_scattered", &make<reads<over_tcp, true>>},
    {"tcp_write_some", &make<writes<over_tcp, false>>},
    {"tcp_write_some_gathered", &make<writes<over_tcp, true>>},
    {"tcp_shutdown_write", &make<shuts_down<over_tcp>>},
    {"unix_accept", &make<accepts<over_unix>>},
    {"unix_connect", &make<connects<over_unix>>},
    {"unix_read_some", &make<reads<over_unix, false>>},
    {"unix_read_some_scattered", &make<reads<over_unix, true>>},
    {"unix_write_some", &make<writes<over_unix, false>>},
    {"unix_write_some_gathered", &make<writes<over_unix, true>>},
    {"unix_shutdown_write", &make<shuts_down<over_unix>>},
    {"udp_receive", &make<receives_datagram>},
    {"udp_receive_refused", &make<is_refused>},
    {"udp_send", &make<sends_datagram<true>>},
    {"udp_send_to", &make<sends_datagram<false>>},
};

class socket_sweep : public every_await {
 protected:
  void SetUp() override {
    server_->set("sweep.test", {.a = {"127.0.0.1"}, .aaaa = {"::1"}});
    names.emplace(*server_);
  }
  void TearDown() override {
    names.reset();
    server_.reset();
    EXPECT_EQ(dwell_test::open_descriptors(), before_);
  }

 private:
  const std::ptrdiff_t before_ = dwell_test::open_descriptors();
  std::optional<dwell_test::dns_server> server_{std::in_place};
};
INSTANTIATE_TEST_SUITE_P(awaits, socket_sweep, testing::ValuesIn(rows), name_of);

TEST_P(socket_sweep, loses_nothing_on_one_worker) { sweep_on(1); }
TEST_P(socket_sweep, loses_nothing_on_two_workers) { sweep_on(2); }
TEST_P(socket_sweep, loses_nothing_on_four_workers) { sweep_on(4); }

}  // namespace
