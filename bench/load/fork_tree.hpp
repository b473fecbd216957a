// What fib and skynet share: the same rows on Dwell and on oneTBB's task_group, and one way to time
// them.
//
// The tree is computed once to warm the frame pools and the scheduler up, then several times for
// the figure, each time from inside the pool: how a plain thread gets in is another question. Every
// result is compared with the formula's.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "../harness/options.hpp"
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

/// Dwell and oneTBB side by side, on 1 thread and on all.
std::vector<row> plan_trees(const options& wanted, const char* workload, std::uint64_t size);

/// Runs `body` on oneTBB with that many threads, the calling one included.
void with_onetbb_threads(std::uint64_t threads, const std::function<void()>& body);

/// The trees on oneTBB, defined in fib_onetbb.cpp and skynet_onetbb.cpp.
std::uint64_t onetbb_fib(std::uint64_t n);
std::uint64_t onetbb_skynet(std::uint64_t first, std::uint64_t leaves);

}  // namespace bench
