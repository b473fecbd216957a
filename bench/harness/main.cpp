// The benchmark program: plans, runs and reports; or, as a child of itself, measures one row.
#include <cstdio>
#include <exception>

#include "../load/serve_dwell.hpp"
#include "campaign.hpp"
#include "child_process.hpp"
#include "figures.hpp"
#include "report.hpp"
#include "workload.hpp"

namespace bench {

namespace {

int run_as_child(const options& wanted) {
  const auto subject = from_arguments(wanted.child);
  const auto& load = find_workload(subject.workload);
  measurement found;
  try {
    found = (wanted.child_is_baseline ? load.baseline : load.measure)(subject);
  } catch (const not_served&) {
    return unknown_workload;
  } catch (const std::exception& error) {
    found = {{}, {}, error.what()};
  }
  std::fputs(to_lines(found).c_str(), stdout);
  return 0;
}

int run_as_server(const options& wanted) {
  auto words = wanted.child;
  words.insert(words.begin(), "dwell");
  return serve_dwell(from_arguments(words));
}

std::string command_line(int argc, char** argv) {
  std::string text = "bench/run";
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    // The entry script adds the directories; nobody types them. Its default needs no saying.
    const bool unsaid = word == "--report-dir" || word == "--peers-dir" ||
                        (word == "--peers" && argv[i + 1] == std::string("onetbb"));
    if (unsaid) {
      ++i;
    } else {
      text += ' ' + (word.find_first_of(" *?()[]|\\$") == word.npos ? word : "'" + word + "'");
    }
  }
  return text;
}

int list_failures(const std::vector<result>& results) {
  int failures = 0;
  for (const auto& each : results) {
    if (each.verified()) continue;
    ++failures;
    std::fprintf(stderr, "dwell_bench: not verified: %s: %s\n", each.subject.label().c_str(),
                 each.failure.c_str());
  }
  return failures;
}

int list_rows(const std::vector<row>& rows) {
  for (const auto& each : rows) {
    std::string line;
    for (const auto& word : to_arguments(each)) line += (line.empty() ? "" : " ") + word;
    std::printf("%s\n", line.c_str());
  }
  return 0;
}

int run_as_parent(const options& wanted, std::string command) {
  prepare_reports(wanted.report_dir, wanted.json);
  const auto peers = find_peers(wanted);
  const auto rows = plan_rows(wanted, peers);
  if (wanted.list) return list_rows(rows);
  report made{facts(), {}, std::move(command), wanted.rounds()};
  for (const auto& each : peers) made.facts.emplace_back(runtime_title(each.name), each.version);
  made.results = run_rows(rows, peers, wanted.rounds());
  for (const auto& each : tabulate(made.results)) std::printf("%s\n", to_text(each).c_str());
  const auto budgets = budgets_as_text(made.results);
  if (!budgets.empty()) std::printf("%s\n", budgets.c_str());
  write_reports(made, wanted.report_dir);
  if (!wanted.json.empty()) write_file(wanted.json, to_json(made));
  std::printf("Reports: %s/report.html, results.md, results.json\n", wanted.report_dir.c_str());
  return list_failures(made.results) == 0 ? 0 : 1;
}

int run(int argc, char** argv) {
  const auto wanted = parse(argc, argv);
  if (wanted.help) {
    std::fputs(help_text().c_str(), stdout);
    return 0;
  }
  if (wanted.child_is_server) return run_as_server(wanted);
  if (!wanted.child.empty()) return run_as_child(wanted);
  return run_as_parent(wanted, command_line(argc, argv));
}

}  // namespace

}  // namespace bench

int main(int argc, char** argv) {
  try {
    return bench::run(argc, argv);
  } catch (const bench::usage_error& error) {
    std::fprintf(stderr, "dwell_bench: %s\n", error.what());
    return 2;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "dwell_bench: %s\n", error.what());
    return 1;
  }
}
