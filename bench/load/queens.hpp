// The board of nqueens, and what a right answer is.
#pragma once

#include <array>
#include <cstdint>
#include <stdexcept>

namespace bench {

/// The queens in the first `rows` rows, one to a row. Every task has its own: 20 bytes.
struct queens {
  std::uint32_t rows = 0;
  std::array<std::uint8_t, 16> columns{};

  [[nodiscard]] bool leaves_free(std::uint32_t column) const {
    for (std::uint32_t row = 0; row < rows; ++row) {
      const std::uint32_t taken = columns[row], distance = rows - row;
      if (taken == column || taken + distance == column || taken == column + distance) return false;
    }
    return true;
  }

  [[nodiscard]] queens with(std::uint32_t column) const {
    auto next = *this;
    next.columns[next.rows++] = static_cast<std::uint8_t>(column);
    return next;
  }
};

/// The known answers (OEIS A000170).
inline std::uint64_t count_of_solutions(std::uint64_t n) {
  static constexpr std::array<std::uint64_t, 15> known{
      1, 1, 0, 0, 2, 10, 4, 40, 92, 352, 724, 2'680, 14'200, 73'712, 365'596};
  if (n >= known.size()) throw std::runtime_error("nqueens: n must be less than 15");
  return known[n];
}

}  // namespace bench
