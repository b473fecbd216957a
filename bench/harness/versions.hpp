// Which Dwell, which compiler, which machine: a figure without them cannot be compared.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace bench {

/// "Clang 19.1.7" or "GCC 12.2.0": what compiled this program.
std::string compiler();

/// Name and value of what a reader needs to judge the figures: processor, cores, memory, kernel,
/// compiler, flags, load, date.
using fact = std::pair<std::string, std::string>;
std::vector<fact> facts();

}  // namespace bench
