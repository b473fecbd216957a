// The list of budgets (see budget.hpp).
#include "budget.hpp"

#include <algorithm>
#include <cmath>

#include "figures.hpp"

namespace bench {

namespace {

using params = std::vector<std::pair<std::string, std::string>>;

params waits(const char* n, const char* slack_us) {
  return {{"n", n}, {"threads", "2"}, {"timer_slack_us", slack_us}, {"result", "u64"}};
}

params on_threads(const char* threads) { return {{"threads", threads}}; }

params children(const char* n) { return {{"n", n}, {"threads", "1"}}; }

}  // namespace

const std::vector<budget>& budgets() {
  static const std::vector<budget> list{
      {"llm_waits", waits("100000", "50"), "overhead_ms", 15, "100,000 waits: wall overhead"},
      {"llm_waits", waits("100000", "50"), "cpu_ns_per_wait", 1500, "100,000 waits: CPU per wait"},
      {"llm_waits", waits("100000", "50"), "bytes_per_wait", 200, "100,000 waits: memory per wait"},
      {"llm_waits", waits("100000", "50"), "late_p50_us", 45, "100,000 waits: lateness, p50"},
      {"llm_waits", waits("100000", "50"), "late_p99_us", 75, "100,000 waits: lateness, p99"},
      {"llm_waits", waits("100000", "0"), "cpu_ns_per_wait", 4500, "no slack: CPU per wait"},
      {"llm_waits", waits("100000", "0"), "late_p50_us", 8, "no slack: lateness, p50"},
      {"llm_waits", waits("100000", "0"), "late_p99_us", 19, "no slack: lateness, p99"},
      {"llm_waits", waits("100000", "1000"), "cpu_ns_per_wait", 700, "slack of 1 ms: CPU per wait"},
      {"llm_waits", waits("1000000", "50"), "overhead_ms", 120, "1,000,000 waits: wall overhead"},
      {"llm_waits", waits("1000000", "50"), "cpu_ns_per_wait", 700,
       "1,000,000 waits: CPU per wait"},
      {"llm_waits", waits("1000000", "50"), "late_p99_us", 150, "1,000,000 waits: lateness, p99"},
      {"gather", children("100"), "ns_per_child", 20, "gather of 100: per child"},
      {"gather", children("10000"), "ns_per_child", 30, "gather of 10,000: per child"},
      {"ping_pong", on_threads("1"), "ns_per_round_trip", 120, "ping-pong within a worker"},
      {"spawn_join", on_threads("1"), "ns_per_task", 40, "a task spawned and awaited"},
      {"cancel", on_threads("1"), "ns_until_queued", 150, "cancel: until all are queued"},
      {"cancel", on_threads("1"), "ns_until_joined", 1000, "cancel: until all are joined"},
      {"post_latency", on_threads("2"), "p50_us", 7, "post into a sleeping runtime, p50"},
      {"post_latency", on_threads("2"), "p99_us", 20, "post into a sleeping runtime, p99"},
  };
  return list;
}

std::string budget_line::limit_text() const {
  // Three digits of another row's figure, all digits of a number that somebody chose.
  return (limit == std::floor(limit) ? round_figure(limit) : figure(limit)) + ' ' + unit(metric);
}

const budget* budget_of(const row& subject, std::string_view metric) {
  for (const auto& each : budgets()) {
    if (each.workload != subject.workload || each.metric != metric) continue;
    if (subject.runtime != "dwell") continue;
    const bool fits = std::all_of(each.params.begin(), each.params.end(), [&](const auto& wanted) {
      return subject.has(wanted.first, wanted.second);
    });
    if (fits) return &each;
  }
  return nullptr;
}

std::vector<budget_line> judge(const std::vector<result>& results) {
  std::vector<budget_line> lines;
  for (const auto& each : budgets()) {
    const auto* row = find_result(results, "dwell", each.workload, each.params);
    const auto* value = row == nullptr ? nullptr : row->find(each.metric);
    if (value != nullptr) lines.push_back({each.what, each.metric, each.limit, value->median});
  }
  const auto* one = find_result(results, "dwell", "gather", {{"n", "10000"}, {"threads", "1"}});
  const auto* two = find_result(results, "dwell", "gather", {{"n", "10000"}, {"threads", "2"}});
  if (one != nullptr && two != nullptr && one->verified() && two->verified()) {
    lines.push_back({"gather of 10,000: two threads no slower than one", "ns_per_child",
                     one->find("ns_per_child")->median, two->find("ns_per_child")->median});
  }
  return lines;
}

}  // namespace bench
