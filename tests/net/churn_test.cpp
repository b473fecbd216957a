// Connections that come and go by the thousand leave nothing behind, whichever side ends them and
// however.
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <gtest/gtest.h>
#include <string>
#include <utility>
#include <vector>

#include <dwell/dwell.hpp>

#include "net/on_reactors.hpp"
#include "net/reading.hpp"
#include "support/open_descriptors.hpp"
#include "support/scale.hpp"

namespace {

using dwell::task;
using dwell::net::bytes_of;
using dwell::net::tcp_listener;
using dwell::net::tcp_stream;
using dwell_test::fault_of;
using dwell_test::read_text;
using namespace std::chrono_literals;

class churn : public dwell_test::on_reactors {};
// Not all of them: a connection that ends in order keeps its port for a minute.
using way = dwell_test::way_of_waiting;
INSTANTIATE_TEST_SUITE_P(
    reactors, churn,
    testing::Values(way(dwell::io_mode::epoll, dwell::reactor_mode::shared, 4),
                    way(dwell::io_mode::epoll, dwell::reactor_mode::dedicated, 2),
                    way(dwell::io_mode::io_uring, dwell::reactor_mode::shared, 2)),
    dwell_test::reactor_name);

enum class ending : std::uint8_t { client_first, server_first, client_resets, answer_unread };

task<std::string> read_word(tcp_stream& from, std::size_t length) {
  std::string word(length, '\0');
  co_await read_exactly(from, std::as_writable_bytes(std::span(word)));
  co_return word;
}

task<> serve_one(tcp_listener& listener, ending how) {
  tcp_stream stream = co_await listener.accept();
  EXPECT_EQ(co_await read_word(stream, 8), "question");
  co_await write_all(stream, bytes_of("answer"));
  if (how == ending::server_first) co_return;
  std::string rest;
  const auto read_rest = [&]() -> task<int> {
    rest = co_await read_text(stream);
    co_return 0;
  };
  const int fault = co_await fault_of(read_rest());
  EXPECT_EQ(rest, "");
  EXPECT_EQ(fault, how == ending::client_first ? 0 : ECONNRESET);
}

task<> ask_one(const tcp_listener& listener, ending how) {
  tcp_stream stream = co_await tcp_stream::connect(listener.local());
  co_await write_all(stream, bytes_of("question"));
  if (how == ending::answer_unread) {
    EXPECT_EQ(co_await read_word(stream, 1), "a");
  } else {
    EXPECT_EQ(co_await read_word(stream, 6), "answer");
  }
  if (how == ending::server_first) {
    EXPECT_EQ(co_await read_text(stream), "");
  }
  if (how == ending::client_resets) stream.set(dwell::net::socket_option::linger, 0);
}

// One after the other; each has a timer.
task<> many(std::int64_t count) {
  tcp_listener listener = tcp_listener::bind(dwell::net::endpoint::loopback(0));
  for (std::int64_t i = 0; i < count; ++i) {
    const auto how = static_cast<ending>(i % 4);
    const auto one = [&]() -> task<> {
      auto both = dwell::gather(serve_one(listener, how), ask_one(listener, how));
      co_await std::move(both);
    };
    co_await dwell::timeout(1h, one());
  }
}

task<> many_at_once(std::int64_t count) {
  constexpr std::int64_t lanes = 8;
  std::vector<task<>> all;
  for (std::int64_t i = 0; i < lanes; ++i) all.push_back(many((count + lanes - 1) / lanes));
  co_await dwell::gather(std::move(all));
}

struct holdings {
  std::ptrdiff_t descriptors;
  std::int64_t frames;
  std::int64_t timers;
  std::int64_t sockets;
  std::int64_t waits;

  bool operator==(const holdings&) const = default;
};

holdings now(const dwell::runtime& rt) {
  const dwell::statistics_snapshot s = rt.statistics();
  return {dwell_test::open_descriptors(), s.live_frames, s.pending_timers, s.sockets,
          s.socket_waits};
}

void PrintTo(const holdings& h, std::ostream* to) {
  *to << h.descriptors << " descriptors, " << h.frames << " frames, " << h.timers << " timers, "
      << h.sockets << " sockets, " << h.waits << " waits";
}

TEST_P(churn, leaves_no_descriptor_frame_timer_or_socket_behind) {
  const std::int64_t count = dwell_test::long_run() ? 20'000 : dwell_test::scaled(5'000);
  dwell::runtime rt(pool());
  rt.run([&]() -> task<> {
    co_await many_at_once(8);
    const holdings before = now(rt);
    co_await many_at_once(count);
    EXPECT_EQ(now(rt), before);
  }());
}

}  // namespace
