// The budgets: limits that the project set itself, shown beside what was measured.
//
// They hold for a two-core machine, at default settings unless they name another one. A
// missed budget does not change the exit code: a shared machine would make that a coin toss.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "result.hpp"

namespace bench {

/// One budget and what was measured for it. "Gather is never slower on two threads than on one" is
/// a budget too: its limit is the other row's figure.
struct budget_line {
  std::string what;    ///< "100,000 waits: wall overhead"
  std::string metric;  ///< The metric's name in results.json.
  double limit = 0;
  double measured = 0;

  [[nodiscard]] std::string limit_text() const;
  [[nodiscard]] bool met() const { return measured <= limit; }
};

/// A limit on one metric of one problem.
struct budget {
  std::string workload;
  std::vector<std::pair<std::string, std::string>> params;
  std::string metric;
  double limit = 0;
  std::string what;
};

const std::vector<budget>& budgets();

/// The budget on that metric of that row, or null.
const budget* budget_of(const row& subject, std::string_view metric);

/// Every budget whose row was measured.
std::vector<budget_line> judge(const std::vector<result>& results);

}  // namespace bench
