// Streams with a buffer before them.
#include <array>
#include <cerrno>
#include <cstddef>
#include <deque>
#include <gtest/gtest.h>
#include <optional>
#include <string>
#include <utility>

#include <dwell/dwell.hpp>
#include <dwell/net/buffered.hpp>
#include <dwell/net/duplex.hpp>

#include "net/reading.hpp"
#include "net/scripted_stream.hpp"
#include "support/cancel_when.hpp"
#include "support/watchdog.hpp"
#include "support/workers.hpp"

namespace {

namespace net = dwell::net;
using dwell::task;
using dwell_test::fault_of;
using dwell_test::read_all;
using dwell_test::read_text;
using dwell_test::scripted_stream;
using net::buffered_reader;
using net::buffered_writer;
using net::bytes_of;
using net::text_of;

static_assert(net::byte_stream<buffered_reader<scripted_stream>>);
static_assert(net::byte_stream<buffered_writer<buffered_reader<scripted_stream&>>>);

class a_buffered_stream : public dwell_test::no_frames_left {
 private:
  const dwell_test::watchdog dog_{"a buffered stream"};
};
using a_buffered_reader = a_buffered_stream;
using a_buffered_writer = a_buffered_stream;
using a_buffered_stream_death = dwell_test::no_frames_left;  // forks: no second thread

using text = std::optional<std::string>;

// ---- Reading ----

TEST_F(a_buffered_reader, reads_ahead_and_gives_what_it_has_first) {
  dwell::run([]() -> task<> {
    scripted_stream s{.pieces = {"abcdef", "ghi"}};
    buffered_reader reader(s, 8);
    EXPECT_EQ(co_await read_text(reader, 2), "ab");
    EXPECT_EQ(text_of(reader.peek()), "cdef");
    EXPECT_EQ(co_await read_text(reader, 100), "cdef") << "does not wait for more";
    EXPECT_EQ(co_await read_text(reader, 3), "ghi");
    EXPECT_EQ(co_await read_text(reader, 3), "");
  }());
}

TEST_F(a_buffered_reader, lets_large_reads_bypass_the_buffer) {
  dwell::run([]() -> task<> {
    scripted_stream s{.pieces = {"0123456789abcdef"}};
    buffered_reader reader(s, 8);
    EXPECT_EQ(co_await read_text(reader, 10), "0123456789") << "more than the buffer holds";
    EXPECT_TRUE(reader.peek().empty());
  }());
}

TEST_F(a_buffered_reader, finds_lines_however_they_arrive) {
  const std::string all = "one\r\n\ntwo\rhalves\n\r\nlast\r\n";
  for (std::size_t step = 1; step <= all.size(); ++step) {
    scripted_stream s;
    for (std::size_t i = 0; i < all.size(); i += step) s.pieces.push_back(all.substr(i, step));
    dwell::run([](scripted_stream& from) -> task<> {
      buffered_reader reader(from, 4);
      for (const char* const line : {"one", "", "two\rhalves", "", "last"})
        EXPECT_EQ(co_await reader.read_line(10), text(line));
      EXPECT_EQ(co_await reader.read_line(10), std::nullopt);
      EXPECT_EQ(co_await reader.read_line(10), std::nullopt) << "still at the end";
    }(s));
  }
}

TEST_F(a_buffered_reader, finds_a_delimiter_that_arrives_in_parts) {
  const std::string all = "a==b=-==-c=====-=-==-";
  for (std::size_t step = 1; step <= all.size(); ++step) {
    scripted_stream s;
    for (std::size_t i = 0; i < all.size(); i += step) s.pieces.push_back(all.substr(i, step));
    dwell::run([](scripted_stream& from) -> task<> {
      buffered_reader reader(from, 3);
      EXPECT_EQ(co_await reader.read_until("==-", 10), text("a==b=-"));
      EXPECT_EQ(co_await reader.read_until("==-", 10), text("c==="));
      EXPECT_EQ(co_await reader.read_until("==-", 10), text("=-"));
      EXPECT_EQ(co_await reader.read_until("==-", 10), std::nullopt);
    }(s));
  }
}

template <class E, class T>
task<std::string> what_of(task<T> operation) {
  try {
    (void)co_await std::move(operation);
  } catch (const E& e) {
    co_return e.what();
  }
  co_return "nothing was thrown";
}

TEST_F(a_buffered_reader, counts_the_limit_without_the_ending) {
  for (const std::size_t step : {1U, 2U, 3U, 100U}) {
    const std::string all = "12345\n12345\r\n123456\n";
    scripted_stream s;
    for (std::size_t i = 0; i < all.size(); i += step) s.pieces.push_back(all.substr(i, step));
    dwell::run([](scripted_stream& from) -> task<> {
      buffered_reader reader(from);
      EXPECT_EQ(co_await reader.read_line(5), text("12345"));
      EXPECT_EQ(co_await reader.read_until("\r\n", 5), text("12345"));
      EXPECT_EQ(co_await what_of<net::too_long>(reader.read_line(5)),
                "no delimiter after the 5 bytes that the limit allows");
      EXPECT_EQ(co_await what_of<net::too_long>(reader.read_until("\n", 5)),
                "no delimiter after the 5 bytes that the limit allows");
      EXPECT_EQ(co_await reader.read_line(6), text("123456")) << "nothing was lost";
    }(s));
  }
}

TEST_F(a_buffered_reader, refuses_what_is_too_long_before_it_has_all_come) {
  dwell::run([]() -> task<> {
    auto [a, b] = net::duplex();
    buffered_reader reader(b);
    co_await net::write_all(a, bytes_of("123456"));
    EXPECT_EQ(co_await what_of<net::too_long>(reader.read_until("\n", 5)),
              "no delimiter after the 5 bytes that the limit allows");
    EXPECT_EQ(text_of(reader.peek()), "123456");
  }());
}

TEST_F(a_buffered_reader, has_lines_far_longer_than_its_capacity) {
  dwell::run([]() -> task<> {
    const std::string longest(100'000, 'x');
    auto ends = net::duplex(1000);
    buffered_reader reader(std::move(ends.second), 16);
    const auto writes = [](net::duplex_stream to, const std::string& line) -> task<> {
      co_await net::write_all(to, bytes_of(line));
      co_await net::write_all(to, bytes_of("\nshort\n"));
    };
    auto writing = dwell::spawn(writes(std::move(ends.first), longest));
    EXPECT_EQ(co_await reader.read_line(longest.size()), text(longest));
    EXPECT_EQ(co_await reader.read_line(5), text("short"));
    EXPECT_EQ(co_await reader.read_line(5), std::nullopt);
    co_await writing;
  }());
}

TEST_F(a_buffered_reader, says_when_the_stream_ends_within_a_line_and_keeps_it) {
  dwell::run([]() -> task<> {
    scripted_stream s{.pieces = {"unfin", "ished"}};
    buffered_reader reader(s);
    EXPECT_EQ(co_await what_of<net::unexpected_end>(reader.read_line(100)),
              "the stream ended after 10 bytes of a line");
    EXPECT_EQ(co_await what_of<net::unexpected_end>(reader.read_until("\n", 100)),
              "the stream ended after 10 bytes of what a delimiter should end");
    EXPECT_EQ(co_await read_all(reader), "unfinished");
  }());
}

TEST_F(a_buffered_reader, reads_exactly_or_not_at_all) {
  dwell::run([]() -> task<> {
    scripted_stream s{.pieces = {"ab", "cde", "fg"}};
    buffered_reader reader(s, 2);
    std::array<std::byte, 4> four{};
    co_await reader.read_exactly(four);
    EXPECT_EQ(text_of(four), "abcd");
    bool ended = false;
    try {
      co_await reader.read_exactly(four);
    } catch (const net::unexpected_end&) {
      ended = true;
    }
    EXPECT_TRUE(ended);
    EXPECT_EQ(text_of(reader.peek()), "efg");
  }());
}

TEST_F(a_buffered_reader, is_filled_and_consumed_by_hand) {
  dwell::run([]() -> task<> {
    scripted_stream s{.pieces = {"GET", " /"}};
    buffered_reader reader(s, 4);
    EXPECT_EQ(co_await reader.fill(), 3U);
    EXPECT_EQ(co_await reader.fill(), 2U) << "beyond its capacity";
    EXPECT_EQ(text_of(reader.peek()), "GET /");
    reader.consume(4);
    EXPECT_EQ(text_of(reader.peek()), "/");
    EXPECT_EQ(co_await reader.fill(), 0U);
  }());
}

TEST_F(a_buffered_reader, that_is_cancelled_within_a_line_gives_the_whole_line_next) {
  // On one worker: the sibling that cancels looks into the reader.
  dwell_test::run_on(1, []() -> task<> {
    auto ends = net::duplex();
    auto& [a, b] = ends;
    buffered_reader reader(b);
    const auto reads_in_vain = [](buffered_reader<net::duplex_stream&>& from) -> task<> {
      EXPECT_EQ(co_await from.read_line(100), text("never"));
    };
    co_await net::write_all(a, bytes_of("first half, "));
    co_await dwell_test::cancel_when(reads_in_vain(reader), [&] { return !reader.peek().empty(); });
    EXPECT_EQ(text_of(reader.peek()), "first half, ");
    co_await net::write_all(a, bytes_of("second half\n"));
    EXPECT_EQ(co_await reader.read_line(100), text("first half, second half"));
  }());
}

TEST_F(a_buffered_reader, notices_a_cancelled_scope_though_it_has_all_that_is_wanted) {
  dwell::run([]() -> task<> {
    scripted_stream s{.pieces = {"one\ntwo\n"}};
    buffered_reader reader(s);
    EXPECT_EQ(co_await reader.read_line(10), text("one"));
    const auto cancelled_already = [&reader](dwell::cancel_scope& scope) -> task<> {
      scope.cancel();
      (void)co_await reader.read_line(10);
      ADD_FAILURE() << "it was cancelled";
    };
    co_await dwell::with_cancel_scope(cancelled_already);
    EXPECT_EQ(co_await reader.read_line(10), text("two"));
  }());
}

TEST_F(a_buffered_reader, passes_writes_through) {
  scripted_stream s;
  dwell::run([](scripted_stream& to) -> task<> {
    buffered_reader reader(to);
    co_await net::write_all(reader, bytes_of("at once"));
    co_await reader.shutdown_write();
  }(s));
  EXPECT_EQ(s.written, "at once");
  EXPECT_TRUE(s.write_ended);
}

// ---- Writing ----

TEST_F(a_buffered_writer, collects_small_writes_until_it_is_flushed) {
  scripted_stream s{.most_per_write = 3};
  dwell::run([](scripted_stream& to) -> task<> {
    buffered_writer writer(to, 16);
    for (int i = 0; i < 4; ++i) co_await net::write_all(writer, bytes_of("four"));
    EXPECT_EQ(to.written, "");
    EXPECT_EQ(writer.unflushed(), 16U);
    co_await writer.flush();
    EXPECT_EQ(to.written, "fourfourfourfour");
    EXPECT_EQ(writer.unflushed(), 0U);
  }(s));
}

TEST_F(a_buffered_writer, flushes_when_it_is_full) {
  scripted_stream s;
  dwell::run([](scripted_stream& to) -> task<> {
    buffered_writer writer(to, 5);
    co_await net::write_all(writer, bytes_of("abcd"));
    co_await net::write_all(writer, bytes_of("efg"));
    EXPECT_EQ(to.written, "abcde");
    EXPECT_EQ(writer.unflushed(), 2U);
  }(s));
}

TEST_F(a_buffered_writer, lets_large_writes_bypass_the_buffer_in_their_order) {
  scripted_stream s;
  dwell::run([](scripted_stream& to) -> task<> {
    buffered_writer writer(to, 5);
    co_await net::write_all(writer, bytes_of("ab"));
    co_await net::write_all(writer, bytes_of("0123456789"));
    EXPECT_EQ(to.written, "ab0123456789");
    EXPECT_EQ(writer.unflushed(), 0U);
  }(s));
}

TEST_F(a_buffered_writer, flushes_before_it_shuts_down) {
  scripted_stream s;
  dwell::run([](scripted_stream& to) -> task<> {
    buffered_writer writer(to);
    co_await net::write_all(writer, bytes_of("last words"));
    co_await writer.shutdown_write();
  }(s));
  EXPECT_EQ(s.written, "last words");
  EXPECT_TRUE(s.write_ended);
}

TEST_F(a_buffered_writer, that_is_cancelled_while_it_flushes_goes_on_where_it_was) {
  dwell::run([]() -> task<> {
    auto ends = net::duplex(3);
    auto& [a, b] = ends;
    buffered_writer writer(a, 10);
    co_await net::write_all(writer, bytes_of("0123456789"));
    co_await dwell_test::cancel_when(writer.flush(), [&] { return writer.unflushed() == 7; });
    auto reading = dwell::spawn(read_all(b));
    co_await writer.shutdown_write();
    EXPECT_EQ(co_await reading, "0123456789");
  }());
}

TEST_F(a_buffered_writer, that_fails_keeps_what_it_could_not_write) {
  dwell::run([]() -> task<> {
    auto [a, b] = net::duplex();
    buffered_writer writer(std::move(a));
    co_await net::write_all(writer, bytes_of("for nobody"));
    b.abort();
    EXPECT_EQ(co_await fault_of(read_text(writer)), ECONNRESET) << "reads pass through";
    int fault = 0;
    try {
      co_await writer.flush();
    } catch (const net::error& e) {
      fault = e.code().value();
    }
    EXPECT_EQ(fault, ECONNRESET);
    EXPECT_EQ(writer.unflushed(), 10U);
  }());
}

// ---- Misuse ----

TEST_F(a_buffered_stream_death, stops_the_program_for_what_cannot_work) {
  EXPECT_DEATH(buffered_reader(scripted_stream(), 0), "a capacity of 0 bytes holds nothing");
  buffered_reader reader((scripted_stream()));
  EXPECT_DEATH(reader.consume(1), "consume: more bytes than there are");
  EXPECT_DEATH(dwell_test::run_on(1, reader.read_until("", 10)), "an empty delimiter ends nothing");
}

}  // namespace
