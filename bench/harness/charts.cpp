// From results to plots (see charts.hpp).
#include "charts.hpp"

#include <algorithm>

#include "budget.hpp"
#include "figures.hpp"
#include "plot.hpp"

namespace bench {

namespace {

using selection = std::vector<const result*>;

selection select(const std::vector<result>& results, const std::string& workload) {
  selection chosen;
  for (const auto& each : results) {
    if (each.subject.workload == workload && each.verified()) chosen.push_back(&each);
  }
  return chosen;
}

/// "1 thread", "2 threads"
std::string threads_of(const row& subject) {
  const auto& count = subject.get("threads");
  return count + (count == "1" ? " thread" : " threads");
}

std::string size_of(const row& subject) { return grouped(subject.get("n")); }

/// Distributions of single samples, one line for each row that `named` names.
template <class Namer>
std::string distribution(const selection& rows, std::string title, std::string x_title, Namer named,
                         std::vector<mark> marks = {}) {
  line_plot plot{std::move(title), std::move(x_title), {}, {}, {}, std::move(marks)};
  double least = 1e300, most = 0, last = 0;
  for (const auto* each : rows) {
    series line{named(each->subject), {}, false};
    if (line.name.empty() || each->curve.empty()) continue;
    for (const auto& [quantile, value] : each->curve) {
      line.points.push_back({1 / (1 - quantile), value, value, value});
      least = std::min(least, value);
      most = std::max(most, value);
      last = std::max(last, quantile);
    }
    plot.lines.push_back(std::move(line));
  }
  if (plot.lines.empty()) return {};
  for (const auto& each : plot.marks) most = std::max(most, each.y);
  plot.x = tail_axis(last);
  plot.y = log_axis(least, most);
  return draw(plot);
}

series& line_named(line_plot& plot, const std::string& name) {
  for (auto& each : plot.lines) {
    if (each.name == name) return each;
  }
  plot.lines.push_back({name, {}});
  return plot.lines.back();
}

/// One metric over n, one line for each value of the parameter `by`.
template <class Namer>
std::string growth(const selection& rows, const std::string& metric, std::string title,
                   std::string x_title, const std::string& by, Namer named) {
  line_plot plot{std::move(title), std::move(x_title), {}, {}, {}, {}};
  double first = 1e300, last = 0, least = 1e300, most = 0;
  for (const auto* each : rows) {
    const auto* value = each->find(metric);
    if (value == nullptr) continue;
    const auto n = each->subject.get_real("n");
    auto& line = line_named(plot, named(each->subject.get(by)));
    line.points.push_back({n, value->median, value->low, value->high});
    first = std::min(first, n);
    last = std::max(last, n);
    least = std::min(least, value->low);
    most = std::max(most, value->high);
    if (const auto* limit = budget_of(each->subject, metric)) {
      plot.marks.push_back({n, limit->limit, "budget " + round_figure(limit->limit)});
      most = std::max(most, limit->limit);
    }
  }
  if (plot.lines.empty()) return {};
  plot.x = log_axis(first, last);
  // From zero where a difference can be seen there; a growth of decades needs a scale of decades.
  plot.y = least > 0 && most > 8 * least ? log_axis(least, most) : linear_axis(most);
  return draw(plot);
}

std::vector<std::string> waits_charts(const selection& rows) {
  std::vector<mark> marks;
  for (const auto* each : rows) {
    const auto* limit = budget_of(each->subject, "late_p99_us");
    if (limit != nullptr) marks.push_back({100, limit->limit, "budget at 100,000"});
  }
  std::vector<std::string> charts{distribution(
      rows, "Lateness of a wake-up, µs", "share of the waits that were no later",
      [](const row& r) { return r.has("result", "u64") ? size_of(r) : std::string(); }, marks)};
  for (const auto& [metric, title] :
       {std::pair{"overhead_ms", "Wall time over the longest sleep, ms"},
        std::pair{"cpu_ns_per_wait", "CPU per wait, ns"},
        std::pair{"bytes_per_wait", "Resident memory per wait, bytes"}}) {
    charts.push_back(growth(rows, metric, title, "waits", "result",
                            [](const std::string& key) { return key == "u64" ? "8 bytes" : key; }));
  }
  return charts;
}

std::vector<std::string> trace_charts(const selection& rows) {
  return {distribution(
      rows, "Lateness of a wake-up, µs", "share of the requests that were no later",
      [](const row& r) { return r.has("mode", "as_arrived") ? "as arrived" : "all at once"; })};
}

std::vector<std::string> gather_charts(const selection& rows) {
  std::string most_threads = "1";
  for (const auto* each : rows) most_threads = each->subject.get("threads");
  return {
      growth(rows, "ns_per_child", "Per child, ns", "children", "threads",
             [](const std::string& key) { return key + (key == "1" ? " thread" : " threads"); }),
      distribution(rows, "One whole gather, µs", "share of the gathers that took no longer",
                   [&](const row& r) {
                     return r.has("threads", most_threads) ? size_of(r) : std::string();
                   }),
  };
}

std::vector<std::string> tree_charts(const selection& rows) {
  bar_plot plot{"Wall time, ms", {}};
  for (const auto* each : rows) {
    const auto& ms = each->metrics.front().over_rounds;
    const auto heading =
        each->subject.workload + '(' + size_of(each->subject) + "), " + threads_of(each->subject);
    if (plot.groups.empty() || plot.groups.back().heading != heading) {
      plot.groups.push_back({heading, {}});
    }
    const bool ours = each->subject.runtime == "dwell";
    auto text = figure(ms.median);
    if (each->ratio_to_dwell > 0) text += "  ·  " + ratio(each->ratio_to_dwell);
    plot.groups.back().bars.push_back(
        {runtime_title(each->subject.runtime), text, ms.median, ms.low, ms.high, ours});
  }
  return {draw(plot)};
}

}  // namespace

std::vector<std::string> charts_of(const std::string& workload,
                                   const std::vector<result>& results) {
  const auto rows = select(results, workload);
  if (rows.empty()) return {};
  std::vector<std::string> charts;
  if (workload == "llm_waits") charts = waits_charts(rows);
  if (workload == "trace") charts = trace_charts(rows);
  if (workload == "gather") charts = gather_charts(rows);
  if (workload == "fib" || workload == "skynet") charts = tree_charts(rows);
  std::erase(charts, std::string());
  return charts;
}

}  // namespace bench
