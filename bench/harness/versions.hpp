// Which Dwell, which peer, which compiler, which machine: a figure without them cannot be compared.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace bench {

/// The version of a runtime in the results; throws std::runtime_error for one that is not known.
std::string version_of(std::string_view runtime);

/// "Clang 19.1.7" or "GCC 12.2.0": what compiled this program.
std::string compiler();

/// Name and value of what a reader needs to judge the figures: processor, cores, memory, kernel,
/// compiler, flags, load, date.
using fact = std::pair<std::string, std::string>;
std::vector<fact> facts();

}  // namespace bench
