// The seeded numbers that every peer reproduces: output `index` of splitmix64 with that seed.
//
// A generator with random access, so that any task can know its own number without sharing a state.
#pragma once

#include <cstdint>

namespace bench {

constexpr std::uint64_t splitmix64(std::uint64_t seed, std::uint64_t index) {
  std::uint64_t z = seed + (index + 1) * 0x9E3779B97F4A7C15ULL;
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ULL;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EBULL;
  return z ^ (z >> 31);
}

}  // namespace bench
