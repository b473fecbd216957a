// How numbers and names look to a reader, in every report alike.
#pragma once

#include <string>
#include <string_view>

#include "statistics.hpp"

namespace bench {

/// Three significant digits, thousands separated: "0.412", "17.3", "1,240".
std::string figure(double value);

/// A figure that is round by nature, a limit or a tick: "0.1", "40", "2,500".
std::string round_figure(double value);

/// "17.9–19.0"; empty when there was only one round.
std::string range(const spread& over_rounds);

/// "2.7×"
std::string ratio(double value);

/// What stands above a column: "CPU ns/wait" for cpu_ns_per_wait. An unknown name stands for
/// itself.
std::string heading(std::string_view name);

/// The unit of a metric: "ms", "µs", "ns", "B".
std::string unit(std::string_view metric);

/// "100,000": a whole number with separators; any other text as it is.
std::string grouped(std::string_view digits);

/// What a reader calls a runtime: "Dwell", "oneTBB".
std::string runtime_title(std::string_view runtime);

/// What a reader calls a workload: a sentence.
std::string workload_title(std::string_view workload);

/// What a reader must know to understand the figures of a workload: a paragraph.
std::string workload_explanation(std::string_view workload);

}  // namespace bench
