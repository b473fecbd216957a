// What the fork trees share, on Dwell and on oneTBB: one way to time them.
//
// The tree is computed once to warm the frame pools and the scheduler up, then several times for
// the figure, each time from inside the pool: how a plain thread gets in is another question. Every
// result is compared with the formula's.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../harness/row.hpp"

namespace bench {

/// The repetitions of one tree on one runtime: `while (run.again()) run.took(compute(run.size()));`
class tree_run {
 public:
  tree_run(const row& subject, std::uint64_t expected);

  [[nodiscard]] std::uint64_t size() const { return size_; }

  /// Starts the clock; false when there were enough repetitions.
  bool again();

  /// Stops the clock and checks the result.
  void took(std::uint64_t result);

  /// One metric, `ms`: the median of the repetitions, the warm-up left out.
  [[nodiscard]] measurement summary() const;

 private:
  std::uint64_t size_;
  std::uint64_t expected_;
  std::uint64_t repetitions_;
  std::int64_t begun_ns_ = 0;
  std::vector<double> took_ms_;
  std::string failure_;
};

/// The n-th Fibonacci number.
std::uint64_t fibonacci(std::uint64_t n);

/// The sum of skynet's leaves.
constexpr std::uint64_t sum_of_leaves(std::uint64_t leaves) { return leaves * (leaves - 1) / 2; }

}  // namespace bench
