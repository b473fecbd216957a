// report.html: the page around the plots and tables.
#include <algorithm>

#include "charts.hpp"
#include "figures.hpp"
#include "html_style.hpp"
#include "report.hpp"
#include "svg.hpp"

namespace bench {

namespace {

std::string element(const std::string& name, const std::string& css, const std::string& inner) {
  const auto attribute = css.empty() ? "" : " class=\"" + css + '"';
  return '<' + name + attribute + '>' + inner + "</" + name + ">\n";
}

std::string gauge(const budget_line& subject) {
  constexpr double width = 240, limit_at = 160, height = 10;
  const auto share = subject.limit > 0 ? subject.measured / subject.limit : 0;
  const auto length = std::clamp(share * limit_at, 1.0, width);
  return svg(width, height, figure(share * 100) + " % of the budget")
      .rectangle({0, 3}, width, 4, "room")
      .rectangle({0, 1}, length, 8, subject.met() ? "ours" : "over")
      .line({limit_at, 0}, {limit_at, height}, "limit")
      .finish();
}

std::string budget_row(const budget_line& subject) {
  const auto measured = figure(subject.measured) + ' ' + unit(subject.metric);
  return element("tr", "",
                 element("td", "what", escaped_html(subject.what)) + element("td", "n", measured) +
                     element("td", "n", "of " + subject.limit_text()) +
                     element("td", "gauge", gauge(subject)) +
                     element("td", subject.met() ? "verdict" : "verdict bad",
                             subject.met() ? "met" : "missed"));
}

std::string budget_section(const std::vector<result>& results) {
  const auto lines = judge(results);
  if (lines.empty()) return {};
  std::string rows;
  for (const auto& each : lines) rows += budget_row(each);
  return element("h2", "", "Budgets") +
         element("p", "", "Limits that the project set itself for a machine with two cores.") +
         element("div", "scroll", element("table", "budgets", rows));
}

std::string html_cell(const cell& subject) {
  auto inner = escaped_html(subject.text);
  if (!subject.note.empty()) {
    const auto* css = subject.alarming ? "spread why" : "spread";
    inner += "<span class=\"" + std::string(css) + "\">" + escaped_html(subject.note) + "</span>";
  }
  std::string css = subject.number ? "n" : "";
  if (subject.missed || subject.alarming) css += css.empty() ? "bad" : " bad";
  return element("td", css, inner);
}

std::string html_table(const table& subject) {
  std::string heads, rows;
  for (std::size_t i = 0; i < subject.heads.size(); ++i) {
    const bool number = !subject.rows.empty() && subject.rows.front()[i].number;
    heads += element("th", number ? "n" : "", escaped_html(subject.heads[i]));
  }
  for (const auto& line : subject.rows) {
    std::string cells;
    for (const auto& each : line) cells += html_cell(each);
    rows += element("tr", "", cells);
  }
  return element(
      "div", "scroll",
      element("table", "",
              element("thead", "", element("tr", "", heads)) + element("tbody", "", rows)));
}

std::string section(const table& subject, const std::vector<result>& results) {
  std::string figures;
  for (const auto& each : charts_of(subject.workload, results)) {
    figures += element("figure", "", each);
  }
  auto caption =
      subject.caption.empty() ? "" : element("p", "caption", escaped_html(subject.caption));
  return element("section", "",
                 element("h2", "", escaped_html(workload_title(subject.workload))) +
                     element("p", "", escaped_html(workload_explanation(subject.workload))) +
                     (figures.empty() ? "" : element("div", "plots", figures)) + caption +
                     html_table(subject));
}

std::string facts_section(const report& subject) {
  std::string items;
  for (const auto& [name, value] : subject.facts) {
    items += element("dt", "", escaped_html(name)) + element("dd", "", escaped_html(value));
  }
  items += element("dt", "", "Command") +
           element("dd", "", "<code>" + escaped_html(subject.command) + "</code>");
  return element("h2", "", "How it was measured") +
         element("p", "",
                 "Each figure is the median of " + std::to_string(subject.rounds) +
                     (subject.rounds == 1 ? " round" : " rounds") +
                     ", with the lowest and the highest below it. Rounds are interleaved, and each "
                     "runs in a process of its own. Figures move from machine to machine: compare "
                     "only within one report.") +
         element("dl", "", items);
}

std::string fact_named(const report& subject, std::string_view wanted) {
  for (const auto& [name, value] : subject.facts) {
    if (name == wanted) return value;
  }
  return {};
}

std::string lead(const report& subject) {
  return fact_named(subject, "Date") + ". Version " + fact_named(subject, "Dwell") + ", " +
         fact_named(subject, "Compiler") + ", " + fact_named(subject, "Cores") + " cores of " +
         fact_named(subject, "Processor") + '.';
}

std::string verdict(const std::vector<result>& results) {
  const auto wrong = std::count_if(results.begin(), results.end(),
                                   [](const result& each) { return !each.verified(); });
  if (wrong == 0) {
    return element("p", "", "All " + std::to_string(results.size()) + " rows were verified.");
  }
  return element("p", "bad",
                 std::to_string(wrong) + " of " + std::to_string(results.size()) +
                     " rows were NOT verified; their figures are left out.");
}

}  // namespace

std::string to_html(const report& subject) {
  std::string body = element("h1", "", "Dwell, measured") +
                     element("p", "lead", escaped_html(lead(subject))) + verdict(subject.results) +
                     budget_section(subject.results);
  for (const auto& each : tabulate(subject.results)) body += section(each, subject.results);
  body += facts_section(subject);
  return "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
         "<title>Dwell, measured</title>\n<style>" +
         std::string(html_style) + "</style>\n</head>\n<body>\n" + body + "</body>\n</html>\n";
}

}  // namespace bench
