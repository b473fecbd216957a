// A byte stream that hands out what it was given, in pieces, and records what is written to it.
#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <string>

#include <dwell/net/stream.hpp>

namespace dwell_test {

class scripted_stream {
 public:
  /// Reads give one piece at a time; after the last one the stream has ended.
  std::deque<std::string> pieces{};
  /// Writes take no more than this at once.
  std::size_t most_per_write = SIZE_MAX;
  std::string written{};
  bool write_ended = false;

  dwell::task<std::size_t> read_some(dwell::net::bytes to) {
    if (pieces.empty() || to.empty()) co_return 0;
    std::string& piece = pieces.front();
    const std::size_t count = std::min(piece.size(), to.size());
    std::ranges::copy(std::as_bytes(std::span(piece).first(count)), to.begin());
    piece.erase(0, count);
    if (piece.empty()) pieces.pop_front();
    co_return count;
  }

  dwell::task<std::size_t> write_some(dwell::net::const_bytes from) {
    const std::size_t count = std::min(from.size(), most_per_write);
    written += dwell::net::text_of(from.first(count));
    co_return count;
  }

  dwell::task<> shutdown_write() {
    write_ended = true;
    co_return;
  }
};

static_assert(dwell::net::byte_stream<scripted_stream>);

}  // namespace dwell_test
