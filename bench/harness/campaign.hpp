// Runs everything that was asked for and shows progress.
#pragma once

#include <vector>

#include "options.hpp"
#include "peers.hpp"
#include "result.hpp"

namespace bench {

/// The rows that these options select, each of Dwell's followed by the same on every peer. Throws
/// usage_error when they select none.
std::vector<row> plan_rows(const options& wanted, const std::vector<peer>& peers);

/// Runs every row, round by round, and summarises. Rounds are interleaved (A B A B, not A A B B)
/// within a workload, so that a slow minute of the machine touches rivals alike. A row that a peer
/// has no program for is left out; one that takes longer than 20 s runs once.
std::vector<result> run_rows(const std::vector<row>& rows, const std::vector<peer>& peers,
                             unsigned rounds);

}  // namespace bench
