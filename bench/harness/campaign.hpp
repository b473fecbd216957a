// Runs everything that was asked for and shows progress.
#pragma once

#include <vector>

#include "options.hpp"
#include "result.hpp"

namespace bench {

/// The rows that these options select. Throws usage_error when they select none.
std::vector<row> plan_rows(const options& wanted);

/// Runs every row, round by round, and summarises. Rounds are interleaved (A B A B, not A A B B)
/// within a workload, so that a slow minute of the machine touches rivals alike.
std::vector<result> run_rows(const std::vector<row>& rows, unsigned rounds);

}  // namespace bench
