// The three reports and what they are made from.
#pragma once

#include <string>
#include <vector>

#include "budget.hpp"
#include "result.hpp"
#include "table.hpp"
#include "versions.hpp"

namespace bench {

struct report {
  std::vector<fact> facts;
  std::vector<result> results;
  std::string command;  ///< What to type to see the same rows again.
  unsigned rounds = 0;
};

/// results.json: a list of rows, for programs.
std::string to_json(const report& subject);

/// results.md: the tables, for a note or a pull request.
std::string to_markdown(const report& subject);

/// report.html: one self-contained page with plots, for reading.
std::string to_html(const report& subject);

/// "17.3 ms of 40 ms, met" for each budget; empty when none was measured.
std::string budgets_as_text(const std::vector<result>& results);

/// Creates the directory and opens every file that will be written, so that a wrong path is found
/// before two minutes of measuring and not after. `json` may be empty. Throws usage_error.
void prepare_reports(const std::string& directory, const std::string& json);

/// Writes all three into `directory`. Throws std::runtime_error naming the file
/// that could not be written.
void write_reports(const report& subject, const std::string& directory);

/// Writes one file; throws std::runtime_error naming it.
void write_file(const std::string& path, const std::string& content);

}  // namespace bench
