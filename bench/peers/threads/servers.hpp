// What plain threads serve.
#pragma once

#include "../../harness/row.hpp"

namespace bench {

/// Serves until standard input ends.
void serve_echo(const row& subject);

}  // namespace bench
