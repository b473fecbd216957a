// Results as tables, built once and rendered three times: terminal, markdown, HTML.
#pragma once

#include <string>
#include <vector>

#include "result.hpp"

namespace bench {

struct cell {
  std::string text{};
  std::string note{};     ///< The spread, shown smaller beside or below the figure.
  bool number = true;     ///< Aligned right.
  bool missed = false;    ///< Over its budget.
  bool alarming = false;  ///< Not verified.
};

struct table {
  std::string workload;
  /// Parameters that no row differs in: "In every row: threads = 2".
  std::string caption{};
  std::vector<std::string> heads;
  std::vector<std::vector<cell>> rows;
};

/// One table for each workload, in the order of the results.
std::vector<table> tabulate(const std::vector<result>& results);

/// For the terminal: a line of medians, a line of spreads below it.
std::string to_text(const table& subject);

}  // namespace bench
