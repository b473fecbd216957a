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

/// One metric over n, one line for each name that `named` gives; rows without a name are left out.
template <class Namer>
std::string growth(const selection& rows, const std::string& metric, std::string title,
                   std::string x_title, Namer named) {
  line_plot plot{std::move(title), std::move(x_title), {}, {}, {}, {}};
  double first = 1e300, last = 0, least = 1e300, most = 0;
  for (const auto* each : rows) {
    const auto* value = each->find(metric);
    const std::string name = named(each->subject);
    if (value == nullptr || name.empty()) continue;
    const auto n = each->subject.get_real("n");
    line_named(plot, name).points.push_back({n, value->median, value->low, value->high});
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

/// The parameters in which the rows differ, in words: "100,000, 2 threads".
std::string heading_of(const row& subject, const selection& rows) {
  std::string text;
  for (const auto& each : subject.params) {
    if (each.what == parameter::kind::hidden || each.what == parameter::kind::knob) continue;
    const bool varies = std::any_of(rows.begin(), rows.end(), [&](const result* other) {
      return !other->subject.has(each.name, each.value);
    });
    if (!varies) continue;
    text += (text.empty() ? "" : ", ") + (each.name == "threads" ? threads_of(subject)
                                          : each.name == "n"     ? size_of(subject)
                                                                 : each.value);
  }
  return text;
}

/// The leading metric of every runtime, problem by problem, with the ratio to Dwell's.
std::string rivals(const selection& rows) {
  const auto& metric = rows.front()->metrics.front().name;
  bar_plot plot{heading(metric), {}};
  std::string problem;
  for (const auto* each : rows) {
    const bool first = each->subject.problem() != problem;
    // A second row of Dwell's on one problem differs in a knob: the tables show it.
    if (!first && each->subject.runtime == "dwell") continue;
    problem = each->subject.problem();
    if (first) plot.groups.push_back({heading_of(each->subject, rows), {}});
    const auto& value = each->metrics.front().over_rounds;
    auto text = figure(value.median);
    if (each->ratio_to_dwell > 0) text += "  ·  " + ratio(each->ratio_to_dwell);
    plot.groups.back().bars.push_back({runtime_title(each->subject.runtime), text, value.median,
                                       value.low, value.high, each->subject.runtime == "dwell"});
  }
  return draw(plot);
}

/// "Dwell", "Tokio"; nothing for Dwell's rows with another timer slack than the first one's.
std::string runtime_of(const row& subject, const selection& rows) {
  const auto& usual = rows.front()->subject;
  const bool tuned =
      subject.runtime == "dwell" && subject.get("timer_slack_us") != usual.get("timer_slack_us");
  return tuned ? std::string() : runtime_title(subject.runtime);
}

std::vector<std::string> waits_charts(const selection& rows) {
  std::vector<mark> marks;
  for (const auto* each : rows) {
    const auto* limit = budget_of(each->subject, "late_p99_us");
    if (limit != nullptr && !runtime_of(each->subject, rows).empty())
      marks.push_back({100, limit->limit, "budget at " + size_of(each->subject)});
  }
  const auto small = [&](const row& r) {
    return r.has("result", "u64") ? runtime_of(r, rows) : std::string();
  };
  const auto by_size = [&](const row& r) {
    return r.runtime == "dwell" && !small(r).empty() ? size_of(r) : std::string();
  };
  const auto by_runtime = [&](const row& r) {
    if (!r.has("n", "100000") || !r.has("result", "u64")) return std::string();
    return r.runtime == "dwell" ? "slack " + r.get("timer_slack_us") : runtime_title(r.runtime);
  };
  const auto* share = "share of the waits that were no later";
  std::vector<std::string> charts{
      distribution(rows, "Lateness of a wake-up, µs", share, by_size, marks),
      distribution(rows, "The same at 100,000: Dwell by its slack, and its peers", share,
                   by_runtime)};
  for (const auto& [metric, title] :
       {std::pair{"overhead_ms", "Wall time over the longest sleep, ms"},
        std::pair{"cpu_ns_per_wait", "CPU per wait, ns"},
        std::pair{"bytes_per_wait", "Resident memory per wait, bytes"}}) {
    charts.push_back(growth(rows, metric, title, "waits", small));
  }
  return charts;
}

std::vector<std::string> trace_charts(const selection& rows) {
  return {
      distribution(rows, "Lateness of a wake-up, µs", "share of the requests that were no later",
                   [](const row& r) {
                     if (r.runtime != "dwell") return std::string();
                     return std::string(r.has("mode", "as_arrived") ? "as arrived" : "all at once");
                   }),
      rivals(rows)};
}

std::vector<std::string> gather_charts(const selection& rows) {
  std::string most_threads = "1";
  for (const auto* each : rows) most_threads = each->subject.get("threads");
  const auto on_threads = [](const row& r) {
    const bool ours = r.runtime == "dwell";
    return ours ? threads_of(r) : r.has("threads", "1") ? runtime_title(r.runtime) : std::string();
  };
  return {
      growth(rows, "ns_per_child", "Per child, ns", "children", on_threads),
      distribution(rows, "One whole gather, µs", "share of the gathers that took no longer",
                   [&](const row& r) {
                     const bool shown = r.runtime == "dwell" && r.has("threads", most_threads);
                     return shown ? size_of(r) : std::string();
                   }),
      rivals(rows),
  };
}

/// One plot of latencies for each number of connections: every runtime is a line.
std::vector<std::string> echo_charts(const selection& rows) {
  std::vector<std::string> charts{rivals(rows)};
  std::vector<std::string> sizes;
  for (const auto* each : rows) {
    const auto& n = each->subject.get("n");
    if (std::find(sizes.begin(), sizes.end(), n) == sizes.end()) sizes.push_back(n);
  }
  for (const auto& n : sizes) {
    charts.push_back(distribution(
        rows, "Latency at " + grouped(n) + (n == "1" ? " connection, µs" : " connections, µs"),
        "share of the requests that were no slower",
        [&](const row& r) { return r.has("n", n) ? runtime_title(r.runtime) : std::string(); }));
  }
  return charts;
}

std::vector<std::string> held_charts(const selection& rows) {
  const auto by_runtime = [](const row& r) {
    return r.has("transport", "tcp") ? runtime_title(r.runtime) : std::string();
  };
  return {
      growth(rows, "server_mib", "Anonymous memory of the server, MiB", "connections", by_runtime),
      growth(rows, "bytes_per_connection", "Of it per connection, bytes", "connections",
             by_runtime),
      rivals(rows)};
}

/// Those that have only a leading figure, and those with a distribution of latencies.
std::vector<std::string> other_charts(const selection& rows) {
  return {rivals(rows), distribution(rows, "Latency, µs", "share that was no slower",
                                     [&](const row& r) { return runtime_title(r.runtime); })};
}

}  // namespace

std::vector<std::string> charts_of(const std::string& workload,
                                   const std::vector<result>& results) {
  const auto rows = select(results, workload);
  if (rows.empty()) return {};
  auto charts = workload == "llm_waits"          ? waits_charts(rows)
                : workload == "trace"            ? trace_charts(rows)
                : workload == "gather"           ? gather_charts(rows)
                : workload == "echo"             ? echo_charts(rows)
                : workload == "held_connections" ? held_charts(rows)
                                                 : other_charts(rows);
  std::erase(charts, std::string());
  return charts;
}

}  // namespace bench
