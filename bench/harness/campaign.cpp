// Planning and running (see campaign.hpp).
#include "campaign.hpp"

#include <algorithm>
#include <cstdio>
#include <unistd.h>

#include "child_process.hpp"
#include "resources.hpp"
#include "versions.hpp"
#include "workload.hpp"

namespace bench {

namespace {

/// One line that rewrites itself on a terminal; one line a run elsewhere, so that a log stays
/// whole.
class progress {
 public:
  explicit progress(std::size_t total) : total_(total) {}

  void begin(const row& subject, unsigned round, unsigned rounds) {
    ++done_;
    const auto seconds = (now_ns() - start_) / 1'000'000'000;
    std::fprintf(stderr, "%s[%3zu/%zu] %3llds  round %u/%u  %s%s", live_ ? "\r\033[K" : "", done_,
                 total_, static_cast<long long>(seconds), round, rounds, subject.label().c_str(),
                 live_ ? "" : "\n");
    std::fflush(stderr);
  }

  void report_failure(const row& subject, const std::string& why) const {
    std::fprintf(stderr, "%sNOT VERIFIED: %s: %s\n", live_ ? "\r\033[K" : "",
                 subject.label().c_str(), why.c_str());
  }

  void end() const {
    if (live_) std::fprintf(stderr, "\r\033[K");
  }

 private:
  std::size_t total_;
  std::size_t done_ = 0;
  std::int64_t start_ = now_ns();
  bool live_ = isatty(STDERR_FILENO) == 1;
};

measurement run_once(row subject) {
  if (find_workload(subject.workload).baseline != nullptr) {
    auto arguments = to_arguments(subject);
    arguments.insert(arguments.begin(), "--baseline-row");
    const auto base = run_child(arguments);
    if (!base.failure.empty()) return base;
    const auto bytes = static_cast<std::uint64_t>(base.metrics.at(0).value);
    subject.hidden("baseline_bytes", std::to_string(bytes));
  }
  auto arguments = to_arguments(subject);
  arguments.insert(arguments.begin(), "--row");
  return run_child(arguments);
}

/// The rows of one workload, interleaved.
std::vector<result> run_group(const std::vector<row>& rows, unsigned rounds, progress& shown) {
  std::vector<std::vector<measurement>> measured(rows.size());
  for (unsigned round = 1; round <= rounds; ++round) {
    for (std::size_t i = 0; i < rows.size(); ++i) {
      shown.begin(rows[i], round, rounds);
      measured[i].push_back(run_once(rows[i]));
      const auto& why = measured[i].back().failure;
      if (!why.empty()) shown.report_failure(rows[i], why);
    }
  }
  std::vector<result> results;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    results.push_back(summarise(rows[i], measured[i]));
    results.back().version = version_of(rows[i].runtime);
  }
  return results;
}

}  // namespace

std::vector<row> plan_rows(const options& wanted) {
  std::vector<row> rows;
  std::string names;
  const std::regex pattern(wanted.only);
  for (const auto& each : catalogue()) {
    for (auto& candidate : each.plan(wanted)) {
      names += "\n  " + candidate.label();
      if (std::regex_search(candidate.label(), pattern)) rows.push_back(std::move(candidate));
    }
  }
  if (rows.empty()) {
    throw usage_error("--only '" + wanted.only + "' matches no row. The rows are:" + names);
  }
  return rows;
}

std::vector<result> run_rows(const std::vector<row>& rows, unsigned rounds) {
  std::vector<result> results;
  progress shown(rows.size() * rounds);
  for (auto first = rows.begin(); first != rows.end();) {
    const auto last = std::find_if(
        first, rows.end(), [&](const row& each) { return each.workload != first->workload; });
    auto group = run_group({first, last}, rounds, shown);
    std::move(group.begin(), group.end(), std::back_inserter(results));
    first = last;
  }
  shown.end();
  add_ratios(results);
  return results;
}

}  // namespace bench
