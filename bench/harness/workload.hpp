// A workload: a name, the rows that it plans, and the code that measures one of them.
//
// The list of workloads is written out in load/catalogue.cpp rather than collected by static
// constructors: a linker may drop those, and a list can be read.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "options.hpp"
#include "row.hpp"

namespace bench {

struct workload {
  std::string_view name;

  /// The rows to run under these options, in the order in which a reader wants to see them.
  std::vector<row> (*plan)(const options&);

  /// Runs in a child process of its own: does the work once, verifies it, measures it.
  measurement (*measure)(const row&);

  /// The same process without the work (N = 0), whose peak memory is subtracted from the real
  /// run's: reports one metric, `peak_bytes`, that reaches `measure` as the parameter
  /// `baseline_bytes`. Null where memory is not measured.
  measurement (*baseline)(const row&) = nullptr;
};

/// Every workload of the suite.
const std::vector<workload>& catalogue();

/// The workload of that name; throws std::runtime_error when there is none.
const workload& find_workload(std::string_view name);

}  // namespace bench
