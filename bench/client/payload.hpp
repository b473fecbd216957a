// The 64 bytes of one request: its connection, its number on that connection, and six words that
// follow from both. No two requests of a run are alike, so a reply that went to the wrong
// connection, came twice or came late is as wrong as one with a flipped bit.
#pragma once

#include <array>
#include <cstdint>

#include "../load/splitmix.hpp"

namespace bench {

using payload = std::array<std::uint64_t, 8>;

constexpr payload payload_of(std::uint32_t connection, std::uint32_t request) {
  payload words{connection, request};
  const auto seed = std::uint64_t{connection} << 32 | request;
  for (std::size_t i = 2; i < words.size(); ++i) words[i] = splitmix64(seed, i);
  return words;
}

}  // namespace bench
