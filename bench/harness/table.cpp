// Builds the tables and renders them for a terminal (see table.hpp).
#include "table.hpp"

#include <algorithm>

#include "budget.hpp"
#include "figures.hpp"

namespace bench {

namespace {

/// The names of a workload's columns: a failed row has no metrics, so every row is asked.
struct columns {
  bool runtime = false;
  std::vector<std::string> params;
  std::vector<std::string> metrics;
};

void add_once(std::vector<std::string>& names, const std::string& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

cell param_cell(const row& subject, const std::string& name) {
  for (const auto& each : subject.params) {
    if (each.name != name) continue;
    const bool number = each.what != parameter::kind::text;
    return {number ? grouped(each.value) : each.value, {}, number};
  }
  return {};
}

bool same_everywhere(const std::vector<const result*>& rows, const std::string& name) {
  return std::all_of(rows.begin(), rows.end(), [&](const result* each) {
    return each->subject.has(name, rows.front()->subject.get(name));
  });
}

/// Moves the parameters that tell no row from another out of the columns: a table must fit a page.
std::string take_common(const std::vector<const result*>& rows, columns& found) {
  std::string caption;
  if (rows.size() < 2) return caption;
  std::erase_if(found.params, [&](const std::string& name) {
    if (!same_everywhere(rows, name)) return false;
    caption += (caption.empty() ? "In every row: " : ", ") + name + " = " +
               rows.front()->subject.get(name);
    return true;
  });
  return caption;
}

columns columns_of(const std::vector<const result*>& rows) {
  columns found;
  for (const auto* each : rows) {
    found.runtime = found.runtime || each->subject.runtime != "dwell";
    for (const auto& p : each->subject.params) {
      if (p.what != parameter::kind::hidden) add_once(found.params, p.name);
    }
    for (const auto& m : each->metrics) add_once(found.metrics, m.name);
  }
  return found;
}

cell metric_cell(const result& subject, const std::string& name) {
  const auto* value = subject.find(name);
  if (value == nullptr) return {"–"};
  const auto* limit = budget_of(subject.subject, name);
  const bool missed = limit != nullptr && value->median > limit->limit;
  return {figure(value->median), range(*value), true, missed};
}

cell ratio_cell(const result& subject) {
  if (subject.ratio_to_dwell > 0) return {ratio(subject.ratio_to_dwell)};
  return {subject.subject.runtime == "dwell" ? "1×" : "–"};
}

std::vector<cell> cells_of(const result& subject, const columns& wanted) {
  std::vector<cell> cells;
  if (wanted.runtime) cells.push_back({runtime_title(subject.subject.runtime), {}, false});
  for (const auto& name : wanted.params) cells.push_back(param_cell(subject.subject, name));
  for (const auto& name : wanted.metrics) cells.push_back(metric_cell(subject, name));
  if (wanted.runtime) cells.push_back(ratio_cell(subject));
  const bool good = subject.verified();
  cells.push_back({good ? "yes" : "NO", good ? "" : subject.failure, false, false, !good});
  return cells;
}

table table_of(const std::string& workload, const std::vector<const result*>& rows) {
  auto wanted = columns_of(rows);
  table built{workload, take_common(rows, wanted), {}, {}};
  if (wanted.runtime) built.heads.push_back("runtime");
  for (const auto& name : wanted.params) built.heads.push_back(heading(name));
  for (const auto& name : wanted.metrics) built.heads.push_back(heading(name));
  if (wanted.runtime) built.heads.push_back("ratio");
  built.heads.push_back("verified");
  for (const auto* each : rows) built.rows.push_back(cells_of(*each, wanted));
  return built;
}

/// Characters, not bytes: "–" and "µ" are one column wide.
std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (c & 0xC0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  const std::string space(width - std::min(width, width_of(text)), ' ');
  return right ? space + text : text + space;
}

std::vector<std::size_t> widths_of(const table& subject) {
  std::vector<std::size_t> widths;
  for (const auto& head : subject.heads) widths.push_back(width_of(head));
  for (const auto& line : subject.rows) {
    // The last column holds the reason of a failure: it may run over.
    for (std::size_t i = 0; i + 1 < line.size(); ++i) {
      widths[i] = std::max({widths[i], width_of(line[i].text), width_of(line[i].note)});
    }
  }
  return widths;
}

std::string trimmed(std::string line) {
  line.erase(line.find_last_not_of(' ') + 1);
  return line + '\n';
}

}  // namespace

std::vector<table> tabulate(const std::vector<result>& results) {
  std::vector<std::string> workloads;
  for (const auto& each : results) add_once(workloads, each.subject.workload);
  std::vector<table> tables;
  for (const auto& name : workloads) {
    std::vector<const result*> rows;
    for (const auto& each : results) {
      if (each.subject.workload == name) rows.push_back(&each);
    }
    tables.push_back(table_of(name, rows));
  }
  return tables;
}

std::string to_text(const table& subject) {
  const auto widths = widths_of(subject);
  auto text = workload_title(subject.workload) +
              (subject.caption.empty() ? "\n" : " (" + subject.caption + ")\n");
  std::string heads;
  for (std::size_t i = 0; i < subject.heads.size(); ++i) {
    const bool right = subject.rows.empty() || subject.rows.front()[i].number;
    heads += "  " + padded(subject.heads[i], widths[i], right);
  }
  text += trimmed(heads);
  for (const auto& line : subject.rows) {
    std::string figures, notes;
    for (std::size_t i = 0; i < line.size(); ++i) {
      figures +=
          "  " + padded(line[i].text + (line[i].missed ? "!" : ""), widths[i], line[i].number);
      notes += "  " + padded(line[i].note, widths[i], line[i].number);
    }
    text += trimmed(figures);
    if (notes.find_first_not_of(' ') != std::string::npos) text += trimmed(notes);
  }
  return text;
}

}  // namespace bench
