// What the reports show: each row with its metrics over all rounds, and where they came from.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "row.hpp"
#include "statistics.hpp"

namespace bench {

struct metric_summary {
  std::string name;
  spread over_rounds;
};

/// A row after its last round.
struct result {
  row subject;
  std::vector<metric_summary> metrics;
  std::vector<curve_point> curve;  ///< Each point the median over the rounds.
  std::string failure;             ///< Of the first round that failed; empty when all verified.
  std::string version;             ///< Of the runtime.
  double ratio_to_dwell = 0;       ///< Leading metric over Dwell's on the same problem; 0: none.

  [[nodiscard]] bool verified() const { return failure.empty(); }
  /// Null when the row has no such metric.
  [[nodiscard]] const spread* find(std::string_view metric) const;
};

/// Summarises the rounds of one row.
result summarise(const row& subject, const std::vector<measurement>& rounds);

/// Fills in `ratio_to_dwell` wherever Dwell ran the same problem. The leading metric is the first.
void add_ratios(std::vector<result>& results);

/// The first result whose row has all these parameters, or null.
const result* find_result(const std::vector<result>& results, std::string_view runtime,
                          std::string_view workload,
                          const std::vector<std::pair<std::string, std::string>>& params);

}  // namespace bench
