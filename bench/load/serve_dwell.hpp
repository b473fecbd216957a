// Dwell's side of the workloads that have a client: `dwell_bench --serve SERVICE name=value…`.
#pragma once

#include "../harness/row.hpp"

namespace bench {

/// Serves what `subject.workload` names ("echo", "echo_tls") until standard input ends, having
/// printed its port as a line, and returns the program's exit code; 3, with nothing printed, for a
/// service that Dwell does not have. The parameters are those of the row, `threads` among them.
int serve_dwell(const row& subject);

}  // namespace bench
