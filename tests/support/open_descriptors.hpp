// How many descriptors this process has open, to see whether a test leaves one behind.
#pragma once

#include <cstddef>
#include <filesystem>
#include <iterator>

namespace dwell_test {

/// The one that counts them is counted too, each time.
inline std::ptrdiff_t open_descriptors() {
  const std::filesystem::directory_iterator open("/proc/self/fd");
  return std::distance(begin(open), end(open));
}

}  // namespace dwell_test
