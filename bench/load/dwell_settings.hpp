// A row's parameters as the settings of a runtime, and the rows that carry them.
#pragma once

#include <cstdlib>
#include <string>

#include <dwell/dwell.hpp>

#include "../harness/options.hpp"
#include "../harness/row.hpp"

namespace bench {

/// Everything that a row does not name keeps its default: the suite measures what a newcomer gets.
/// What it names goes by variables, which outrank a settings file: the row says what really ran.
inline dwell::settings settings_of(const row& subject) {
  setenv("DWELL_THREADS", subject.get("threads").c_str(), 1);
  setenv("DWELL_TIMER_SLACK_US", subject.get("timer_slack_us").c_str(), 1);
  return dwell::resolve({});
}

/// A row of Dwell's on a problem of that size, for a workload in which no timer runs out: the timer
/// slack goes along unseen.
inline row untimed_row(const options& wanted, std::string workload, std::uint64_t n,
                       unsigned threads) {
  row planned{"dwell", std::move(workload), {}};
  planned.number("n", n)
      .number("threads", threads)
      .hidden("timer_slack_us", std::to_string(wanted.timer_slack_us));
  return planned;
}

/// The same on 1 thread and on all.
inline std::vector<row> untimed_rows(const options& wanted, const std::string& workload,
                                     std::uint64_t n) {
  std::vector<row> rows;
  for (const auto threads : wanted.thread_counts())
    rows.push_back(untimed_row(wanted, workload, n, threads));
  return rows;
}

/// The same for a fork tree, which is computed several times.
inline std::vector<row> tree_rows(const options& wanted, const std::string& workload,
                                  std::uint64_t n) {
  auto rows = untimed_rows(wanted, workload, n);
  for (auto& each : rows) each.hidden("repetitions", wanted.how == effort::smoke ? "1" : "3");
  return rows;
}

}  // namespace bench
