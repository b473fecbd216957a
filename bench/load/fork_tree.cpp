// Timing and rows of the fork trees (see fork_tree.hpp).
#include "fork_tree.hpp"

#include <oneapi/tbb/global_control.h>
#include <oneapi/tbb/task_arena.h>

#include "../harness/resources.hpp"
#include "../harness/statistics.hpp"

namespace bench {

tree_run::tree_run(const row& subject, std::uint64_t expected)
    : size_(subject.get_number("n")),
      expected_(expected),
      repetitions_(subject.get_number("repetitions")) {}

bool tree_run::again() {
  begun_ns_ = now_ns();
  return took_ms_.size() <= repetitions_;
}

void tree_run::took(std::uint64_t result) {
  took_ms_.push_back(static_cast<double>(now_ns() - begun_ns_) / 1e6);
  if (result == expected_) return;
  failure_ = "got " + std::to_string(result) + ", expected " + std::to_string(expected_);
}

measurement tree_run::summary() const {
  const auto timed = spread_of({took_ms_.begin() + 1, took_ms_.end()});
  return {{{"ms", timed.median}}, {}, failure_};
}

std::vector<row> plan_trees(const options& wanted, const char* workload, std::uint64_t size) {
  std::vector<row> rows;
  for (const auto threads : wanted.thread_counts()) {
    for (const char* runtime : {"dwell", "onetbb"}) {
      rows.push_back({runtime, workload, {}});
      rows.back()
          .number("n", size)
          .number("threads", threads)
          .hidden("timer_slack_us", std::to_string(wanted.timer_slack_us))
          .hidden("repetitions", wanted.how == effort::smoke ? "1" : "3");
    }
  }
  return rows;
}

void with_onetbb_threads(std::uint64_t threads, const std::function<void()>& body) {
  using oneapi::tbb::global_control;
  const global_control limit(global_control::max_allowed_parallelism, threads);
  // An arena of that width too: more threads than cores are an explicit wish, and the implicit
  // arena would cap them.
  oneapi::tbb::task_arena arena(static_cast<int>(threads));
  arena.execute(body);
}

}  // namespace bench
