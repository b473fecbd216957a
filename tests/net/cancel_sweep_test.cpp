// The cancel sweep over streams in memory: a read or a write that is cancelled at whatever moment
// has moved its bytes or none, and the stream goes on where it was.
#include <array>
#include <cstddef>
#include <gtest/gtest.h>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/net/buffered.hpp>
#include <dwell/net/copy.hpp>
#include <dwell/net/duplex.hpp>

#include "conformance/sweep.hpp"
#include "net/reading.hpp"

namespace {

namespace net = dwell::net;
using namespace sweep;
using dwell_test::read_all;
using dwell_test::read_text;
using net::bytes_of;

// Ends `operation`, or with the victim if nobody will meet the operation any more.
task<> unless_gone(task<> operation, join_handle<>& victim) {
  const auto gone = [&]() -> task<> { co_await victim.wait(); };
  co_await dwell::race(std::move(operation), gone());
}

// ---- The pair itself ----

struct duplex_read final : awaitable {
  std::pair<net::duplex_stream, net::duplex_stream> ends = net::duplex();
  std::string got_text;

  task<> wait() override { got_text = co_await read_text(ends.second); }
  task<> complete(join_handle<>&) override { co_await net::write_all(ends.first, bytes_of("abc")); }
  task<> check(bool got) override {
    EXPECT_EQ(got_text, got ? "abc" : "");
    co_await ends.first.shutdown_write();
    EXPECT_EQ(co_await read_all(ends.second), got ? "" : "abc");
  }
};

struct duplex_write final : awaitable {
  std::pair<net::duplex_stream, net::duplex_stream> ends = net::duplex(2);

  task<> wait() override {
    co_await net::write_all(ends.first, bytes_of("ab"));
    EXPECT_EQ(co_await ends.first.write_some(bytes_of("cde")), 1U);
  }
  // Before or after "ab" have come.
  task<> complete(join_handle<>& victim) override {
    const auto read_one = [this]() -> task<> { read += co_await read_text(ends.second, 1); };
    co_await unless_gone(read_one(), victim);
  }
  task<> check(bool got) override {
    co_await ends.first.shutdown_write();
    const std::string all = read + co_await read_all(ends.second);
    if (got)
      EXPECT_EQ(all, "abc");
    else
      EXPECT_TRUE(all.empty() || all == "ab") << all;
  }
  std::string read;
};

// ---- Reading with a buffer ----

// What arrives comes in three parts, with a wait before each.
struct buffered_read : awaitable {
  explicit buffered_read(std::array<const char*, 3> what) : parts(what) {}

  task<> complete(join_handle<>&) override {
    for (const char* const part : parts) {
      co_await net::write_all(ends.first, bytes_of(part));
      co_await dwell::yield_now();
    }
  }
  task<> check(bool got) override {
    if (!got) co_await wait();
    EXPECT_EQ(got_text, "lines");
    co_await ends.first.shutdown_write();
    EXPECT_EQ(co_await read_all(reader), "rest");
  }

  const std::array<const char*, 3> parts;
  std::pair<net::duplex_stream, net::duplex_stream> ends = net::duplex();
  net::buffered_reader<net::duplex_stream&> reader{ends.second, 4};
  std::string got_text;
};

struct buffered_read_line final : buffered_read {
  buffered_read_line() : buffered_read({"lin", "es\r", "\nrest"}) {}
  task<> wait() override {
    const std::optional<std::string> line = co_await reader.read_line(5);
    got_text = line.value();
  }
};

struct buffered_read_until final : buffered_read {
  buffered_read_until() : buffered_read({"lines-", "-", "=rest"}) {}
  task<> wait() override {
    const std::optional<std::string> text = co_await reader.read_until("--=", 5);
    got_text = text.value();
  }
};

struct buffered_read_exactly final : buffered_read {
  buffered_read_exactly() : buffered_read({"l", "in", "esrest"}) {}
  task<> wait() override {
    std::array<std::byte, 5> five{};
    co_await reader.read_exactly(five);
    got_text = net::text_of(five);
  }
};

// ---- Writing with a buffer ----

struct buffered_write : awaitable {
  std::pair<net::duplex_stream, net::duplex_stream> ends = net::duplex(2);
  net::buffered_writer<net::duplex_stream&> writer{ends.first, 4};
  std::string read;

  task<> complete(join_handle<>& victim) override {
    const auto read_three = [this]() -> task<> {
      while (read.size() < 3) read += co_await read_text(ends.second, 1);
    };
    co_await unless_gone(read_three(), victim);
  }
  task<std::string> all_that_comes() {
    const auto end = [this]() -> task<> { co_await writer.shutdown_write(); };
    auto both = dwell::gather(read_all(ends.second), end());
    const auto results = co_await std::move(both);
    co_return read + std::get<0>(results);
  }
};

struct buffered_write_some final : buffered_write {
  std::size_t written = 0;

  task<> wait() override {
    written = co_await writer.write_some(bytes_of("abc"));
    written += co_await writer.write_some(bytes_of("d"));
    written += co_await writer.write_some(bytes_of("efg"));
  }
  task<> check(bool) override {
    const std::string all = co_await all_that_comes();
    EXPECT_EQ(all, std::string("abcdefg").substr(0, written));
  }
};

struct buffered_flush final : buffered_write {
  bool buffered = false;

  task<> wait() override {
    co_await net::write_all(writer, bytes_of("abc"));
    buffered = true;
    co_await writer.flush();
  }
  task<> check(bool) override {
    const std::string all = co_await all_that_comes();
    if (buffered)
      EXPECT_EQ(all, "abc");
    else
      EXPECT_EQ(all, "");
  }
};

// A copy may lose what it has read and not yet written; nothing comes twice or out of order.
struct copy_all final : awaitable {
  std::pair<net::duplex_stream, net::duplex_stream> in = net::duplex(2);
  std::pair<net::duplex_stream, net::duplex_stream> out = net::duplex(2);
  std::string read;

  task<> wait() override { EXPECT_EQ(co_await net::copy(in.second, out.first), 6U); }
  task<> complete(join_handle<>& victim) override {
    const auto feed = [this]() -> task<> {
      co_await net::write_all(in.first, bytes_of("abcdef"));
      co_await in.first.shutdown_write();
    };
    const auto drain = [this]() -> task<> {
      while (read.size() < 6) read += co_await read_text(out.second);
    };
    const auto both = [&]() -> task<> { co_await dwell::gather(feed(), drain()); };
    co_await unless_gone(both(), victim);
  }
  task<> check(bool got) override {
    co_await in.first.shutdown_write();
    const std::string unread = co_await read_all(in.second);
    co_await out.first.shutdown_write();
    read += co_await read_all(out.second);
    EXPECT_TRUE(std::string("abcdef").starts_with(read)) << read;
    EXPECT_TRUE(std::string("abcdef").find(unread) != std::string::npos) << unread;
    if (got) {
      EXPECT_EQ(read, "abcdef");
    }
  }
};

const row rows[] = {
    {"duplex_read_some", &make<duplex_read>},
    {"duplex_write_some", &make<duplex_write>},
    {"buffered_read_line", &make<buffered_read_line>},
    {"buffered_read_until", &make<buffered_read_until>},
    {"buffered_read_exactly", &make<buffered_read_exactly>},
    {"buffered_write_some", &make<buffered_write_some>},
    {"buffered_flush", &make<buffered_flush>},
    {"copy", &make<copy_all>},
};

class stream_sweep : public every_await {};
INSTANTIATE_TEST_SUITE_P(awaits, stream_sweep, testing::ValuesIn(rows), name_of);

class stream_sweep_simulated : public every_simulated_await {};
INSTANTIATE_TEST_SUITE_P(awaits, stream_sweep_simulated, testing::ValuesIn(rows), name_of);

TEST_P(stream_sweep_simulated, loses_nothing_over_the_seeds) { sweep_seeds(); }

TEST_P(stream_sweep, loses_nothing_on_one_worker) { sweep_on(1); }
TEST_P(stream_sweep, loses_nothing_on_two_workers) { sweep_on(2); }
TEST_P(stream_sweep, loses_nothing_on_four_workers) { sweep_on(4); }

}  // namespace
