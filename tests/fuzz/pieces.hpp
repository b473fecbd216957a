// A fuzzer's input as a stream in pieces: its first bytes say where the rest is cut.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace dwell_fuzz {

struct stream_in_pieces {
  std::string_view whole;
  std::vector<std::string_view> pieces;
};

inline stream_in_pieces cut(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t lengths = 4;
  const std::string_view all(reinterpret_cast<const char*>(data), size);
  stream_in_pieces stream{.whole = all.substr(std::min(lengths, size)), .pieces = {}};
  std::string_view left = stream.whole;
  for (std::size_t i = 0; !left.empty(); ++i) {
    const std::size_t length = std::min<std::size_t>(data[i % lengths] % 32 + 1, left.size());
    stream.pieces.push_back(left.substr(0, length));
    left.remove_prefix(length);
  }
  return stream;
}

/// The end of a run whose property does not hold.
inline void check(bool holds) {
  if (!holds) __builtin_trap();
}

}  // namespace dwell_fuzz
