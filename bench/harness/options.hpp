// What the user asked for on the command line.
#pragma once

#include <regex>
#include <stdexcept>
#include <string>
#include <vector>

namespace bench {

/// How wide to go. `smoke` is for the test suite: tiny sizes, one round, so that benchmarks cannot
/// rot.
enum class effort { smoke, quick, full };

struct options {
  effort how = effort::quick;
  std::string only;  ///< A regular expression; empty means everything.
  std::string json;  ///< One more copy of results.json; empty means none.
  std::string report_dir = "build/report";
  std::string trace;               ///< A request trace to replay; empty means no trace rows.
  double speedup = 0;              ///< Of the trace; 0 chooses one.
  std::vector<std::string> peers;  ///< The runtimes to compare with.
  std::string peers_dir = "build/bench/peers";  ///< Where their programs are.
  bool list = false;                            ///< Print the rows instead of running them.
  unsigned threads = 0;                         ///< Of Dwell and its peers; never 0 once parsed.
  unsigned timer_slack_us = 50;
  bool help = false;
  std::vector<std::string> child;  ///< The words of one row: this process is a child.
  bool child_is_baseline = false;
  bool child_is_server = false;

  /// How often each row runs.
  [[nodiscard]] unsigned rounds() const;

  /// 1 and all threads, or only 1 where that is all.
  [[nodiscard]] std::vector<unsigned> thread_counts() const;
};

/// The user's mistake: reported in one sentence, exit code 2.
struct usage_error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Throws usage_error.
options parse(int argc, char** argv);

std::string help_text();

}  // namespace bench
