// Which plots the report has, and which figures go into them.
#pragma once

#include <string>
#include <vector>

#include "result.hpp"

namespace bench {

/// The plots of one workload, each an SVG; none where nothing was verified.
std::vector<std::string> charts_of(const std::string& workload, const std::vector<result>& results);

}  // namespace bench
