// Bytes that say where they belong: a shift, a gap or a repetition shows in any comparison.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

namespace dwell_test {

/// The same for the same seed.
inline std::string random_bytes(std::size_t count, std::uint64_t seed) {
  std::mt19937_64 next(seed);
  std::string made(count, '\0');
  for (char& each : made) each = static_cast<char>(next() >> 56);
  return made;
}

}  // namespace dwell_test
