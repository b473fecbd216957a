// TLS streams, most of them over a pair of streams in memory.
#include <array>
#include <cerrno>
#include <cstddef>
#include <gtest/gtest.h>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/net/tls_stream.hpp>

#include "net/on_reactors.hpp"
#include "net/tls_wire.hpp"
#include "support/cancel_when.hpp"
#include "support/deadly_sigpipe.hpp"
#include "support/scale.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

namespace net = dwell::net;
using dwell::task;
using dwell_test::letters;
using dwell_test::read_all;
using dwell_test::read_text;
using dwell_test::read_text_exactly;
using dwell_test::server_host;
using dwell_test::tls_ends;
using dwell_test::tls_wire;
using net::bytes_of;
using net::duplex_stream;
using net::tls_version;

static_assert(net::byte_stream<net::tls_stream<duplex_stream>>);
static_assert(net::byte_stream<net::tls_stream<net::tls_stream<duplex_stream>>>);

class a_tls_stream : public dwell_test::on_workers {
 private:
  const dwell_test::watchdog dog_{"a TLS stream"};
};
INSTANTIATE_TEST_SUITE_P(workers, a_tls_stream, dwell_test::each_worker_count());

constexpr std::array versions{tls_version::tls_1_2, tls_version::tls_1_3};

// What an operation throws, by its text.
template <class Error, class T>
task<std::string> complaint_of(task<T> operation) {
  std::string what = "(nothing)";
  try {
    (void)co_await std::move(operation);
  } catch (const Error& e) {
    what = e.what();
  }
  co_return what;
}

task<> connects(duplex_stream wire, net::tls_client_context context) {
  auto stream = co_await net::tls_connect(std::move(wire), std::move(context), server_host);
  EXPECT_EQ(stream.alpn(), "h2");
  EXPECT_EQ(stream.version(), tls_version::tls_1_3);
  co_await net::write_all(stream, bytes_of("ping"));
  const std::string answer = co_await read_all(stream);
  EXPECT_EQ(answer, "pong");
  co_await stream.shutdown_write();
}

task<> accepts(duplex_stream wire, net::tls_server_context context) {
  auto stream = co_await net::tls_accept(std::move(wire), std::move(context));
  EXPECT_EQ(stream.alpn(), "h2");
  EXPECT_EQ(stream.server_name(), server_host);
  const std::string question = co_await read_text(stream);
  EXPECT_EQ(question, "ping");
  co_await net::write_all(stream, bytes_of("pong"));
  co_await stream.shutdown_write();
  const std::string rest = co_await read_all(stream);
  EXPECT_EQ(rest, "");
}

TEST_P(a_tls_stream, is_made_by_connecting_and_by_accepting) {
  net::tls_client_options of_client = dwell_test::client_options();
  of_client.alpn = {"h2"};
  net::tls_server_options of_server = dwell_test::server_options();
  of_server.alpn = {"h2"};
  const net::tls_client_context client(of_client);
  const net::tls_server_context server(of_server);
  const auto scenario = [&]() -> task<> {
    auto [a, b] = net::duplex();
    auto both = dwell::gather(connects(std::move(a), client), accepts(std::move(b), server));
    co_await std::move(both);
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_tls_stream, goes_through_a_wire_that_takes_a_byte_at_a_time) {
  const auto scenario = [](tls_version version) -> task<> {
    tls_ends ends(1'000, version);
    ends.client_wire->most_per_read = ends.client_wire->most_per_write = 1;
    ends.server_wire->most_per_read = ends.server_wire->most_per_write = 1;
    co_await ends.shake();
    co_await net::write_all(ends.client, bytes_of("one by one"));
    const std::string got = co_await read_text(ends.server);
    EXPECT_EQ(got, "one by one");
  };
  for (const tls_version each : versions) dwell::run(scenario(each), pool());
}

TEST_P(a_tls_stream, needs_no_room_in_the_wire) {
  const auto scenario = [](tls_version version) -> task<> {
    tls_ends ends(1, version);
    co_await ends.shake();
    const std::string text = letters(1'000);
    const auto talk = [](tls_wire& self, const std::string& all) -> task<> {
      co_await net::write_all(self, bytes_of(all));
      const std::string got = co_await read_text_exactly(self, all.size());
      EXPECT_EQ(got, all);
    };
    const auto echo = [](tls_wire& self, std::size_t size) -> task<> {
      const std::string got = co_await read_text_exactly(self, size);
      co_await net::write_all(self, bytes_of(got));
    };
    auto both = dwell::gather(talk(ends.client, text), echo(ends.server, text.size()));
    co_await std::move(both);
  };
  for (const tls_version each : versions) dwell::run(scenario(each), pool());
}

task<> writes(tls_wire& to, const std::string& all) {
  co_await net::write_all(to, bytes_of(all));
  co_await to.shutdown_write();
}

task<> reads(tls_wire& from, const std::string& expected, std::size_t most) {
  const std::string got = co_await read_all(from, most);
  EXPECT_TRUE(got == expected) << got.size() << " of " << expected.size() << " bytes";
}

TEST_P(a_tls_stream, carries_much_both_ways_at_once) {
  const auto size = static_cast<std::size_t>(dwell_test::scaled(8'000'000)) + 100'000;
  const std::string there = letters(size, 1);
  const std::string back = letters(size, 2);
  const auto scenario = [&](tls_version version, std::size_t capacity) -> task<> {
    tls_ends ends(capacity, version);
    co_await ends.shake();
    auto four = dwell::gather(writes(ends.client, there), reads(ends.server, there, 10'000),
                              writes(ends.server, back), reads(ends.client, back, 100'000));
    co_await std::move(four);
  };
  for (const tls_version version : versions)
    for (const std::size_t capacity : {1'000U, 64U * 1024}) {
      dwell::run(scenario(version, capacity), pool());
    }
}

TEST_P(a_tls_stream, gives_all_that_came_in_one_piece_before_it_waits) {
  const auto scenario = []() -> task<> {
    tls_ends ends;
    co_await ends.shake();
    std::string expected;
    for (int i = 0; i < 50; ++i) {
      const std::string text = letters(17, static_cast<unsigned>(i));
      co_await net::write_all(ends.client, bytes_of(text));
      expected += text;
    }
    std::string got;  // nothing more comes: a read too many would hang
    while (got.size() < expected.size()) got += co_await read_text(ends.server, 1);
    EXPECT_EQ(got, expected);
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_tls_stream, may_go_on_writing_when_the_other_side_has_ended) {
  const auto scenario = [](tls_version version) -> task<> {
    tls_ends ends(10'000, version);
    co_await ends.shake();
    co_await net::write_all(ends.client, bytes_of("that is all"));
    co_await ends.client.shutdown_write();
    co_await ends.client.shutdown_write();
    std::string got = co_await read_all(ends.server);
    EXPECT_EQ(got, "that is all");
    for (int i = 0; i < 3; ++i) {
      co_await net::write_all(ends.server, bytes_of("not for me"));
      got = co_await read_text(ends.client);
      EXPECT_EQ(got, "not for me");
    }
    co_await ends.server.shutdown_write();
    got = co_await read_all(ends.client);
    EXPECT_EQ(got, "");
    task<std::size_t> late = ends.client.write_some(bytes_of("more"));
    const std::string why = co_await complaint_of<net::error>(std::move(late));
    EXPECT_EQ(why, "write to TLS with server.example: Broken pipe");
  };
  for (const tls_version each : versions) dwell::run(scenario(each), pool());
}

TEST_P(a_tls_stream, says_at_every_read_that_the_wire_was_cut) {
  const auto scenario = [](tls_version version) -> task<> {
    tls_ends ends(10'000, version);
    co_await ends.shake();
    co_await net::write_all(ends.server, bytes_of("half of i"));
    { const tls_wire gone = std::move(ends.server); }
    std::string text = co_await read_text(ends.client);
    EXPECT_EQ(text, "half of i");
    for (int i = 0; i < 3; ++i) {
      text = co_await complaint_of<net::unexpected_end>(read_text(ends.client));
      EXPECT_EQ(text, "TLS with server.example: the connection ended without close_notify");
    }
    task<std::size_t> late = ends.client.write_some(bytes_of("hello?"));
    text = co_await complaint_of<net::error>(std::move(late));
    EXPECT_NE(text.find("Broken pipe"), std::string::npos) << text;
  };
  for (const tls_version each : versions) dwell::run(scenario(each), pool());
}

task<> outlives_its_peer() {
  dwell_test::connection wires = co_await dwell_test::connected();
  auto client =
      net::tls_connect(std::move(wires.client), dwell_test::client_context(), server_host);
  auto server = net::tls_accept(std::move(wires.server), dwell_test::server_context());
  auto both = dwell::gather(std::move(client), std::move(server));
  auto ends = co_await std::move(both);
  { const auto dead = std::move(std::get<1>(ends)); }
  const std::string much(1 << 16, 'x');
  std::string why = "(nothing)";
  while (why == "(nothing)") {
    task<> writing = net::write_all(std::get<0>(ends), bytes_of(much));
    why = co_await complaint_of<net::error>(std::move(writing));
  }
  EXPECT_TRUE(why.ends_with("Broken pipe") || why.ends_with("Connection reset by peer")) << why;
}

// On a socket: OpenSSL's own way to one would raise the signal.
TEST_P(a_tls_stream, fails_writes_to_a_peer_that_died_without_a_signal) {
  const dwell_test::deadly_sigpipe deadly;
  dwell::run(outlives_its_peer(), pool());
}

task<std::string> refuses(duplex_stream wire) {
  auto stream = net::tls_connect(std::move(wire), dwell_test::client_context(), "other.example");
  const std::string why = co_await complaint_of<net::tls_error>(std::move(stream));
  co_return why;
}

task<std::string> is_refused(duplex_stream wire) {
  net::tls_stream<duplex_stream> stream(std::move(wire),
                                        net::tls_session(dwell_test::server_context()));
  const std::string why = co_await complaint_of<net::tls_error>(stream.handshake());
  const std::string again = co_await complaint_of<net::tls_error>(stream.handshake());
  EXPECT_EQ(again, why) << "for good";
  co_return why;
}

TEST_P(a_tls_stream, tells_the_peer_why_its_certificate_is_refused) {
  const auto scenario = []() -> task<> {
    auto [a, b] = net::duplex();
    auto both = dwell::gather(refuses(std::move(a)), is_refused(std::move(b)));
    const auto whys = co_await std::move(both);
    EXPECT_EQ(std::get<0>(whys),
              "TLS with other.example: the certificate is refused: hostname mismatch");
    EXPECT_EQ(std::get<1>(whys),
              "TLS with a client: the peer gave up with the alert 'bad certificate'");
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_tls_stream, gives_up_when_the_peer_speaks_something_else) {
  const auto scenario = []() -> task<> {
    auto [plain, wire] = net::duplex();
    co_await net::write_all(plain, bytes_of("GET / HTTP/1.1\r\nHost: a.example\r\n\r\n"));
    auto accepted = net::tls_accept(std::move(wire), dwell_test::server_context());
    std::string why = co_await complaint_of<net::tls_error>(std::move(accepted));
    EXPECT_EQ(why, "TLS with a client: http request (does the peer speak TLS?)");

    auto [server, other] = net::duplex();
    co_await net::write_all(server, bytes_of("HTTP/1.1 400 Bad Request\r\n\r\n"));
    auto made = net::tls_connect(std::move(other), dwell_test::client_context(), server_host);
    why = co_await complaint_of<net::tls_error>(std::move(made));
    EXPECT_EQ(why, "TLS with server.example: wrong version number (does the peer speak TLS?)");
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_tls_stream, may_be_moved_between_operations) {
  const auto scenario = []() -> task<> {
    tls_ends ends;
    co_await ends.shake();
    co_await net::write_all(ends.client, bytes_of("ab"));
    std::string got = co_await read_text(ends.server, 1);
    tls_wire moved = std::move(ends.server);
    got += co_await read_text(moved, 1);
    EXPECT_EQ(got, "ab");
    ends.server = std::move(moved);
    co_await net::write_all(ends.server, bytes_of("back"));
    got = co_await read_text(ends.client);
    EXPECT_EQ(got, "back");
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_tls_stream, lies_over_another) {
  const auto scenario = []() -> task<> {
    auto [a, b] = net::duplex();
    const auto client = [](duplex_stream wire) -> task<> {
      auto outer =
          co_await net::tls_connect(std::move(wire), dwell_test::client_context(), server_host);
      auto inner =
          co_await net::tls_connect(std::move(outer), dwell_test::client_context(), "127.0.0.1");
      co_await net::write_all(inner, bytes_of("deep down"));
      const std::string answer = co_await read_text(inner);
      EXPECT_EQ(answer, "heard");
    };
    const auto server = [](duplex_stream wire) -> task<> {
      auto outer = co_await net::tls_accept(std::move(wire), dwell_test::server_context());
      auto inner = co_await net::tls_accept(std::move(outer), dwell_test::server_context());
      const std::string got = co_await read_text(inner);
      EXPECT_EQ(got, "deep down");
      co_await net::write_all(inner, bytes_of("heard"));
    };
    auto both = dwell::gather(client(std::move(a)), server(std::move(b)));
    co_await std::move(both);
  };
  dwell::run(scenario(), pool());
}

TEST_P(a_tls_stream, writes_and_reads_nothing_when_there_is_nothing_to) {
  const auto scenario = []() -> task<> {
    tls_ends ends;
    co_await ends.shake();
    const std::size_t read = co_await ends.client.read_some({});
    const std::size_t written = co_await ends.client.write_some({});
    EXPECT_EQ(read + written, 0U);
  };
  dwell::run(scenario(), pool());
}

TEST(a_tls_stream_death, stops_who_reads_before_the_handshake) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  const auto scenario = []() -> task<> {
    tls_ends ends;
    co_await read_text(ends.client);
  };
  EXPECT_DEATH(dwell::run(scenario()), "tls_stream: await handshake\\(\\) to its end first");
}

}  // namespace
