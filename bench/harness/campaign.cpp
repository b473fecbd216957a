// Planning and running (see campaign.hpp).
#include "campaign.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>
#include <set>
#include <unistd.h>

#include <dwell/version.hpp>

#include "../client/server_process.hpp"
#include "child_process.hpp"
#include "resources.hpp"
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

/// A row and what its rounds gave.
struct campaign_row {
  row subject;
  std::string program;
  std::string version;
  std::vector<measurement> rounds{};
  bool over = false;  ///< No further round: nobody has a program for it, or it takes too long.
};

/// How long a round may take to be worth another one.
constexpr std::int64_t worth_repeating_ns = 20'000'000'000;

std::vector<std::string> words_of(const char* option, const row& subject) {
  auto arguments = to_arguments(subject);
  arguments.insert(arguments.begin(), option);
  return arguments;
}

/// The row's program is the client of a server of ours, which must end in order, too.
std::optional<measurement> run_against_us(const campaign_row& wanted, const char* service) {
  auto subject = wanted.subject;
  std::optional<measurement> found;
  auto served = with_server(subject, service, [&](const server_process& started) {
    subject.hidden("port", std::to_string(started.port()));
    found = run_row(wanted.program, words_of("--row", subject));
    return found.value_or(measurement{});
  });
  return found ? std::optional(std::move(served)) : std::nullopt;
}

std::optional<measurement> run_once(const campaign_row& wanted) {
  auto subject = wanted.subject;
  const auto& load = find_workload(subject.workload);
  if (load.is_client) {
    subject.hidden("server", wanted.program);
    return run_row(this_program, words_of("--row", subject));
  }
  if (load.served_by_us != nullptr) return run_against_us(wanted, load.served_by_us);
  if (load.baseline != nullptr) {
    const auto base = run_row(wanted.program, words_of("--baseline-row", subject));
    if (!base || !base->failure.empty()) return base;
    const auto bytes = static_cast<std::uint64_t>(base->metrics.at(0).value);
    subject.hidden("baseline_bytes", std::to_string(bytes));
  }
  return run_row(wanted.program, words_of("--row", subject));
}

void run_round(campaign_row& each, const progress& shown) {
  const auto begun = now_ns();
  auto found = run_once(each);
  each.over = !found || now_ns() - begun > worth_repeating_ns;
  if (!found) return;
  if (!found->failure.empty()) shown.report_failure(each.subject, found->failure);
  each.rounds.push_back(std::move(*found));
}

campaign_row prepared(const row& subject, const std::vector<peer>& peers) {
  for (const auto& each : peers) {
    if (each.name == subject.runtime) return {subject, each.program, each.version};
  }
  return {subject, this_program, DWELL_VERSION};
}

/// The rows of one workload, interleaved.
std::vector<result> run_group(std::vector<campaign_row> group, unsigned rounds, progress& shown) {
  for (unsigned round = 1; round <= rounds; ++round) {
    for (auto& each : group) {
      shown.begin(each.subject, round, rounds);
      if (!each.over) run_round(each, shown);
    }
  }
  std::vector<result> results;
  for (const auto& each : group) {
    if (each.rounds.empty()) continue;
    results.push_back(summarise(each.subject, each.rounds));
    results.back().version = each.version;
  }
  return results;
}

/// Dwell's rows and, behind each, its peers'. Rows that differ only in a knob are one problem.
std::vector<row> with_peers(const std::vector<row>& ours, const std::vector<peer>& peers) {
  std::vector<row> all;
  std::set<std::string> problems;
  for (const auto& each : ours) {
    all.push_back(each);
    if (!problems.insert(each.problem()).second) continue;
    for (const auto& rival : peers) all.push_back(on_peer(each, rival.name));
  }
  return all;
}

}  // namespace

std::vector<row> plan_rows(const options& wanted, const std::vector<peer>& peers) {
  std::vector<row> rows;
  std::string names;
  const std::regex pattern(wanted.only);
  for (const auto& each : catalogue()) {
    for (auto& candidate : with_peers(each.plan(wanted), peers)) {
      names += "\n  " + candidate.label();
      if (std::regex_search(candidate.label(), pattern)) rows.push_back(std::move(candidate));
    }
  }
  if (rows.empty()) {
    throw usage_error("--only '" + wanted.only + "' matches no row. The rows are:" + names);
  }
  return rows;
}

std::vector<result> run_rows(const std::vector<row>& rows, const std::vector<peer>& peers,
                             unsigned rounds) {
  std::vector<result> results;
  progress shown(rows.size() * rounds);
  for (auto first = rows.begin(); first != rows.end();) {
    const auto last = std::find_if(
        first, rows.end(), [&](const row& each) { return each.workload != first->workload; });
    std::vector<campaign_row> group;
    for (; first != last; ++first) group.push_back(prepared(*first, peers));
    auto measured = run_group(std::move(group), rounds, shown);
    std::move(measured.begin(), measured.end(), std::back_inserter(results));
  }
  shown.end();
  add_ratios(results);
  return results;
}

}  // namespace bench
