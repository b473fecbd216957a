// Runs one row once, in a fresh process.
//
// A process of its own because peak memory cannot be reset, and because no row should meet the
// warmed allocator, the leftover threads or the fragmentation of the row before it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "row.hpp"

namespace bench {

/// How a program ended and what it printed.
struct program_end {
  std::string output;
  bool timely = true;  ///< False: it was stopped after 300 s.
  int status = 0;      ///< As waitpid() gives it.

  [[nodiscard]] bool succeeded() const;
  /// Why it did not succeed, in a sentence.
  [[nodiscard]] std::string complaint() const;
};

/// What a program ends with when it was asked for a workload that it does not have.
inline constexpr int unknown_workload = 3;

/// "ended with code 1", "was ended by signal Aborted", from what waitpid() gave.
std::string describe_end(int status);

/// This very program, as a path to start.
inline constexpr const char* this_program = "/proc/self/exe";

/// Starts `program` with `arguments` and waits for its end.
program_end run_program(const std::string& program, const std::vector<std::string>& arguments);

/// What a program that was to run a row measured; nothing if it does not know the workload (exit
/// code 3). One that crashes, hangs or talks nonsense becomes a measurement with a `failure`.
std::optional<measurement> run_row(const std::string& program,
                                   const std::vector<std::string>& arguments);

}  // namespace bench
