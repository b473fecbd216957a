// What post_latency and fairness share: tasks that come from a thread outside, and how long each
// took to get to run.
#pragma once

#include <algorithm>
#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include <dwell/dwell.hpp>

#include "../harness/resources.hpp"
#include "../harness/row.hpp"
#include "../harness/statistics.hpp"

namespace bench {

/// Notes when it runs: that is all there is to a task that is posted.
inline dwell::task<std::int64_t> says_when() { co_return now_ns(); }

/// Posts `n` tasks from the calling thread, which sleeps `pause` before each; the latencies in µs,
/// sorted.
inline std::vector<double> post_tasks(dwell::runtime& rt, std::uint64_t n,
                                      std::chrono::microseconds pause) {
  std::vector<double> took_us;
  took_us.reserve(n);
  for (std::uint64_t i = 0; i < n; ++i) {
    std::this_thread::sleep_for(pause);
    const auto posted = now_ns();
    const auto ran = rt.spawn(says_when()).join();
    took_us.push_back(static_cast<double>(ran - posted) / 1e3);
  }
  std::sort(took_us.begin(), took_us.end());
  return took_us;
}

inline measurement summary_of_latencies(const std::vector<double>& sorted_us) {
  measurement found{{{"p50_us", quantile(sorted_us, 0.5)},
                     {"p99_us", quantile(sorted_us, 0.99)},
                     {"max_us", sorted_us.back()}},
                    curve_of(sorted_us),
                    {}};
  if (sorted_us.front() < 0) found.failure = "a task ran before it was posted";
  return found;
}

}  // namespace bench
