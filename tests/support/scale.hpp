// How long the loops of a test are.
//
// Read from the environment and not from a macro: one build serves the quick loop, the sanitizers
// (which are ten to a hundred times slower) and the long run.
#pragma once

#include <algorithm>
#include <cstdint>
#include <cstdlib>

namespace dwell_test {

/// `n` times DWELL_TEST_SCALE (1 when unset), and at least 1.
inline std::int64_t scaled(std::int64_t n) {
  static const double factor = [] {
    const char* const text = std::getenv("DWELL_TEST_SCALE");
    return text == nullptr ? 1.0 : std::strtod(text, nullptr);
  }();
  return std::max<std::int64_t>(1, static_cast<std::int64_t>(static_cast<double>(n) * factor));
}

/// Whether DWELL_TEST_LONG=1 asks for the full counts.
inline bool long_run() {
  static const bool wanted = [] {
    const char* const text = std::getenv("DWELL_TEST_LONG");
    return text != nullptr && text[0] == '1';
  }();
  return wanted;
}

}  // namespace dwell_test
