// skynet on oneTBB's task_group: nine children forked, the tenth computed by the caller.
#include <array>
#include <oneapi/tbb/task_group.h>

#include "trees.hpp"

namespace bench {

std::uint64_t onetbb_skynet(std::uint64_t first, std::uint64_t leaves) {
  if (leaves == 1) return first;
  const auto each = leaves / 10;
  std::array<std::uint64_t, 10> parts{};
  oneapi::tbb::task_group group;
  for (std::uint64_t i = 1; i < 10; ++i) {
    auto& part = parts[i];
    const auto start = first + i * each;
    group.run([&part, start, each] { part = onetbb_skynet(start, each); });
  }
  parts[0] = onetbb_skynet(first, each);
  group.wait();
  std::uint64_t sum = 0;
  for (const auto part : parts) sum += part;
  return sum;
}

}  // namespace bench
