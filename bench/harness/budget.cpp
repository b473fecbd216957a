// The list of budgets (see budget.hpp).
#include "budget.hpp"

#include <algorithm>
#include <cmath>

#include "figures.hpp"

namespace bench {

const std::vector<budget>& budgets() {
  using params = std::vector<std::pair<std::string, std::string>>;
  static const params waits{
      {"n", "100000"}, {"threads", "2"}, {"timer_slack_us", "50"}, {"result", "u64"}};
  static const params children{{"n", "10000"}, {"threads", "2"}};
  static const std::vector<budget> list{
      {"llm_waits", waits, "overhead_ms", 40, "100,000 waits: wall overhead"},
      {"llm_waits", waits, "cpu_ns_per_wait", 2500, "100,000 waits: CPU per wait"},
      {"llm_waits", waits, "bytes_per_wait", 260, "100,000 waits: memory per wait"},
      {"llm_waits", waits, "late_p99_us", 500, "100,000 waits: lateness, p99"},
      {"gather", children, "ns_per_child", 60, "gather of 10,000 on two threads: per child"},
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
