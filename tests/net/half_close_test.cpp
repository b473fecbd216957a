// The half-close matrix: each way in which one end of a connection ends, met by each thing that the
// other end may be doing. The last bytes are never lost, the end is told once and stays, a reset is
// an error, and nobody spins on a socket that is half closed.
#include <array>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "net/on_reactors.hpp"
#include "net/reading.hpp"
#include "net/transports.hpp"

namespace {

using dwell::task;
using dwell::net::bytes_of;
using dwell::net::socket_option;
using dwell::net::stream_socket;
using dwell_test::fault_of;
using dwell_test::over_tcp;
using dwell_test::over_unix;
using dwell_test::read_text;
using namespace std::chrono_literals;

constexpr std::string_view last_words = "what was written before the end";

struct connection {
  stream_socket client;
  stream_socket server;
};

/// How the other end ends.
struct ending {
  std::string name;
  task<> (*act)(connection&);  // on connection::server
  bool reset;                  // rather than an orderly end
  bool gone;                   // it reads no more either
};

constexpr std::string_view request = "a request";

task<> hears(connection& c) {
  std::array<std::byte, request.size()> room{};
  co_await read_exactly(c.server, room);
}

task<> shuts_down(connection& c) {
  co_await hears(c);
  co_await c.server.shutdown_write();
}

task<> closes(connection& c) {
  co_await hears(c);
  c.server.close();
}

// The system resets a connection whose last owner has not read everything.
task<> closes_unread(connection& c) {
  c.server.close();
  co_return;
}

task<> resets(connection& c) {
  co_await hears(c);
  c.server.set(socket_option::linger, 0);
  c.server.close();
}

const std::vector<ending>& endings() {
  static const std::vector<ending> all{{"shut down", shuts_down, false, false},
                                       {"closed", closes, false, true},
                                       {"closed with unread bytes", closes_unread, true, true},
                                       {"reset", resets, true, true}};
  return all;
}

template <class Transport>
task<connection> connected_by() {
  auto listener = Transport::listen();
  auto both = dwell::gather(Transport::connect(listener), listener.accept());
  auto [client, server] = co_await std::move(both);
  co_return connection{std::move(client), std::move(server)};
}

using transport = task<connection> (*)();

// A connection on which the client has asked and the server has not read yet.
task<connection> requested(transport over) {
  connection c = co_await over();
  co_await write_all(c.client, bytes_of(request));
  co_return c;
}

class half_close : public dwell_test::on_reactors {
 protected:
  /// Runs `scene` once for each ending and transport, on a connection of its own.
  template <class Scene>
  void each(const Scene& scene) {
    for (const ending& e : endings()) {
      over(connected_by<over_tcp>, "TCP", e, scene);
      // Where linger means nothing.
      if (e.act != resets) over(connected_by<over_unix>, "Unix", e, scene);
    }
  }
  [[nodiscard]] std::uint64_t events() const { return runtime_->statistics().socket_events; }

 private:
  template <class Scene>
  void over(transport way, const char* name, const ending& e, const Scene& scene) {
    SCOPED_TRACE(name + (", " + e.name));
    dwell::runtime rt(pool());
    runtime_ = &rt;
    rt.run(with_connection(way, e, scene));
  }
  template <class Scene>
  static task<> with_connection(transport way, const ending& e, const Scene& scene) {
    connection c = co_await requested(way);
    co_await scene(c, e);
  }

  const dwell::runtime* runtime_ = nullptr;
};
INSTANTIATE_TEST_SUITE_P(reactors, half_close, dwell_test::each_reactor(),
                         dwell_test::reactor_name);

task<> says_last_words(connection& c, const ending& e) {
  co_await write_all(c.server, bytes_of(last_words));
  co_await e.act(c);
}

// All that can be read, by at most `step` bytes, into `all`, until the end or an error.
task<> read_to_end(stream_socket& from, std::string& all, std::size_t step = 7) {
  for (;;) {
    const std::string part = co_await read_text(from, step);
    if (part.empty()) co_return;
    all += part;
  }
}

task<> expect_last_words(connection& c, const ending& e) {
  std::string read;
  const int fault = co_await fault_of(read_to_end(c.client, read));
  EXPECT_EQ(read, last_words);
  EXPECT_EQ(fault, e.reset ? ECONNRESET : 0);
  for (int again = 0; again < 3; ++again)
    EXPECT_EQ(co_await read_text(c.client), "") << "the end stays the end";
}

TEST_P(half_close, leaves_the_last_bytes_to_a_reader_that_comes_late) {
  each([](connection& c, const ending& e) -> task<> {
    co_await says_last_words(c, e);
    co_await dwell::sleep_for(1ms);  // lets the reactor see it first, on most runs
    co_await expect_last_words(c, e);
  });
}

TEST_P(half_close, gives_the_last_bytes_and_the_end_to_a_reader_that_waits) {
  each([](connection& c, const ending& e) -> task<> {
    auto both = dwell::gather(expect_last_words(c, e), says_last_words(c, e));
    co_await std::move(both);
  });
}

// More than the system takes: the writer waits.
task<int> writes_much(stream_socket& to, const std::string& much) {
  co_return co_await fault_of(write_all(to, bytes_of(much)));
}

bool is_gone(int fault) { return fault == EPIPE || fault == ECONNRESET; }

// Ends, and reads what comes if that can still be done.
task<std::size_t> ends_and_reads(connection& c, const ending& e) {
  co_await dwell::sleep_for(1ms);  // lets the writer fill the pipe, on most runs
  co_await e.act(c);
  std::string read;
  if (!e.gone) co_await read_to_end(c.server, read, 1 << 16);
  co_return read.size();
}

task<int> writes_much_and_ends(stream_socket& to, const std::string& much) {
  const int fault = co_await writes_much(to, much);
  if (fault == 0) co_await to.shutdown_write();
  co_return fault;
}

const std::string& much() {
  static const std::string bytes(8 << 20, 'x');
  return bytes;
}

TEST_P(half_close, fails_a_writer_that_waits_only_if_nobody_reads_any_more) {
  each([](connection& c, const ending& e) -> task<> {
    auto both = dwell::gather(writes_much_and_ends(c.client, much()), ends_and_reads(c, e));
    const auto [fault, read] = co_await std::move(both);
    EXPECT_EQ(is_gone(fault), e.gone) << fault;
    if (!e.gone) {
      EXPECT_EQ(read, much().size());
    }
  });
}

TEST_P(half_close, wakes_a_reader_and_a_writer_that_wait_on_the_same_socket) {
  each([](connection& c, const ending& e) -> task<> {
    std::string nothing;
    auto all = dwell::gather(fault_of(read_to_end(c.client, nothing)),
                             writes_much_and_ends(c.client, much()), ends_and_reads(c, e));
    const auto [read_fault, write_fault, read] = co_await std::move(all);
    EXPECT_EQ(nothing, "");
    EXPECT_EQ(is_gone(write_fault), e.gone) << write_fault;
    // The socket's error is told once: to the reader or to the writer.
    EXPECT_TRUE(read_fault == 0 || (e.gone && read_fault == ECONNRESET)) << read_fault;
    if (!e.gone) {
      EXPECT_EQ(read, much().size());
    }
  });
}

TEST_P(half_close, fails_every_later_write_if_the_other_end_is_gone) {
  each([](connection& c, const ending& e) -> task<> {
    co_await e.act(c);
    if (!e.gone) co_return;
    // The first may reach a system that has not heard of the end yet.
    while (co_await writes_much(c.client, much()) == 0) {
    }
    EXPECT_TRUE(is_gone(co_await fault_of(c.client.write_some(bytes_of("more")))));
    co_await c.client.shutdown_write();  // which needs nobody at the other end
  });
}

// A level that stays up is told once: neither the poller nor a worker comes back to it.
TEST_P(half_close, makes_nobody_spin) {
  each([this](connection& c, const ending& e) -> task<> {
    co_await says_last_words(c, e);
    co_await dwell::sleep_for(5ms);
    const auto before = events();
    for (int i = 0; i < 20; ++i) co_await dwell::sleep_for(1ms);
    EXPECT_LE(events() - before, 4U);
    co_await expect_last_words(c, e);
  });
}

}  // namespace
