// Order statistics of a few runs or of a million samples.
#pragma once

#include <cstdint>
#include <vector>

#include "row.hpp"

namespace bench {

/// A metric over several rounds. The median, because one round that met a busy machine should not
/// move it; the extremes beside it, because the reader should see that there was one.
struct spread {
  double median = 0;
  double low = 0;
  double high = 0;
};

/// `values` must not be empty.
spread spread_of(std::vector<double> values);

/// The smallest sample that at least the share `q` of all samples does not exceed. `sorted` must be
/// sorted; an empty one gives 0.
double quantile(const std::vector<double>& sorted, double q);

/// A distribution as the points that its plot needs, dense towards the tail.
std::vector<curve_point> curve_of(const std::vector<double>& sorted);

}  // namespace bench
