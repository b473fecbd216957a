// What holds for every byte stream: reading exactly, writing all.
#include <array>
#include <gtest/gtest.h>
#include <string>

#include <dwell/engine/runtime.hpp>
#include <dwell/net/stream.hpp>

#include "net/scripted_stream.hpp"

namespace {

using dwell::task;
using dwell::net::bytes_of;
using dwell_test::scripted_stream;

TEST(stream, write_all_goes_on_after_short_writes) {
  scripted_stream s{.most_per_write = 3};
  dwell::run([](scripted_stream& to) -> task<> {
    co_await dwell::net::write_all(to, bytes_of("hello, world"));
    co_await dwell::net::write_all(to, bytes_of(""));
  }(s));
  EXPECT_EQ(s.written, "hello, world");
}

TEST(stream, read_exactly_goes_on_after_short_reads) {
  scripted_stream s{.pieces = {"ab", "c", "defg"}};
  dwell::run([](scripted_stream& from) -> task<> {
    std::array<std::byte, 5> five{};
    co_await dwell::net::read_exactly(from, five);
    EXPECT_EQ(dwell::net::text_of(five), "abcde");
  }(s));
  EXPECT_EQ(s.pieces.front(), "fg");
}

TEST(stream, read_exactly_says_how_far_it_came_when_the_stream_ends) {
  scripted_stream s{.pieces = {"ab", "c"}};
  dwell::run([](scripted_stream& from) -> task<> {
    std::array<std::byte, 5> five{};
    std::string what;
    try {
      co_await dwell::net::read_exactly(from, five);
    } catch (const dwell::net::unexpected_end& e) {
      what = e.what();
    }
    EXPECT_EQ(what, "the stream ended after 3 of 5 bytes");
  }(s));
}

}  // namespace
