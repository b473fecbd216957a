// nqueens on oneTBB's task_group.
#include <array>
#include <oneapi/tbb/task_group.h>

#include "trees.hpp"

namespace bench {

std::uint64_t onetbb_nqueens(const queens& placed, std::uint32_t n) {
  if (placed.rows == n) return 1;
  std::array<std::uint64_t, 16> parts{};
  oneapi::tbb::task_group group;
  for (std::uint32_t column = 0; column < n; ++column) {
    if (!placed.leaves_free(column)) continue;
    group.run(
        [&part = parts[column], next = placed.with(column), n] { part = onetbb_nqueens(next, n); });
  }
  group.wait();
  std::uint64_t sum = 0;
  for (const auto part : parts) sum += part;
  return sum;
}

}  // namespace bench
