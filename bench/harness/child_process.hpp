// Runs one row once, in a fresh process.
//
// A process of its own because peak memory cannot be reset, and because no row should meet the
// warmed allocator, the leftover threads or the fragmentation of the row before it.
#pragma once

#include <string>
#include <vector>

#include "row.hpp"

namespace bench {

/// Starts this very program again with `arguments`, waits for it and returns what it measured. A
/// child that crashes, hangs or talks nonsense becomes a measurement with a `failure`.
measurement run_child(const std::vector<std::string>& arguments);

}  // namespace bench
