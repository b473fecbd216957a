// A workload: a name, the rows that it plans, and the code that measures one of them.
//
// The list of workloads is written out in load/catalogue.cpp rather than collected by static
// constructors: a linker may drop those, and a list can be read.
#pragma once

#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "options.hpp"
#include "row.hpp"

namespace bench {

/// What `measure` throws when the runtime of a server has no such service: the row is left out.
struct not_served : std::runtime_error {
  using std::runtime_error::runtime_error;
};

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

  /// The runtime is asked to serve, in a process of its own, and `measure` is the client: it runs
  /// in this program for peers, too, and is told the server's program by the parameter `server`.
  bool is_client = false;

  /// The service of this program that `measure` and the peers' programs are clients of. It runs in
  /// a process of its own, and they are told its port by the parameter `port`. Null: none.
  const char* served_by_us = nullptr;
};

/// Every workload of the suite.
const std::vector<workload>& catalogue();

/// The workload of that name; throws std::runtime_error when there is none.
const workload& find_workload(std::string_view name);

}  // namespace bench
