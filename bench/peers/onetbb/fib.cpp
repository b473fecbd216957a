// fib on oneTBB's task_group: one branch forked, the other computed by the caller, which is its
// fastest form; forking both would cost a second task for nothing.
#include <oneapi/tbb/task_group.h>

#include "trees.hpp"

namespace bench {

std::uint64_t onetbb_fib(std::uint64_t n) {
  if (n < 2) return n;
  std::uint64_t a = 0;
  oneapi::tbb::task_group group;
  group.run([&a, n] { a = onetbb_fib(n - 1); });
  const auto b = onetbb_fib(n - 2);
  group.wait();
  return a + b;
}

}  // namespace bench
