// results.md: what one pastes into a note.
#include "figures.hpp"
#include "report.hpp"

namespace bench {

namespace {

/// A bar would end the cell.
std::string escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '|') out += '\\';
    out += c;
  }
  return out;
}

std::string to_markdown(const cell& subject) {
  auto text = escaped(subject.text);
  if (subject.missed || subject.alarming) text = "**" + text + "**";
  return subject.note.empty() ? text : text + " (" + escaped(subject.note) + ')';
}

std::string to_markdown(const table& subject) {
  std::string heads = "|", rule = "|", text;
  for (std::size_t i = 0; i < subject.heads.size(); ++i) {
    heads += ' ' + subject.heads[i] + " |";
    rule += !subject.rows.empty() && subject.rows.front()[i].number ? " ---: |" : " --- |";
  }
  for (const auto& line : subject.rows) {
    text += '|';
    for (const auto& each : line) text += ' ' + to_markdown(each) + " |";
    text += '\n';
  }
  const auto caption = subject.caption.empty() ? "" : subject.caption + "\n\n";
  return "## " + workload_title(subject.workload) + "\n\n" + caption + heads + '\n' + rule + '\n' +
         text + '\n';
}

std::string budget_section(const std::vector<budget_line>& lines) {
  if (lines.empty()) return {};
  std::string text = "## Budgets\n\n| budget | limit | measured | |\n| --- | ---: | ---: | --- |\n";
  for (const auto& each : lines) {
    text += "| " + each.what + " | " + each.limit_text() + " | " + figure(each.measured) + ' ' +
            unit(each.metric) + " | " + (each.met() ? "met" : "**missed**") + " |\n";
  }
  return text + '\n';
}

}  // namespace

std::string to_markdown(const report& subject) {
  std::string text = "# Dwell: what was measured\n\n";
  for (const auto& [name, value] : subject.facts) text += "- " + name + ": " + value + '\n';
  text += "- Command: `" + subject.command + "`\n\n";
  text += "Medians of " + std::to_string(subject.rounds) +
          (subject.rounds == 1 ? " round" : " interleaved rounds") +
          ", the lowest and highest in brackets; every round in a process of its own.\n\n";
  text += budget_section(judge(subject.results));
  for (const auto& each : tabulate(subject.results)) text += to_markdown(each);
  return text;
}

}  // namespace bench
