// Order statistics (see statistics.hpp).
#include "statistics.hpp"

#include <algorithm>
#include <cmath>

namespace bench {

spread spread_of(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const auto middle = values.size() / 2;
  const bool odd = values.size() % 2 == 1;
  return {odd ? values[middle] : (values[middle - 1] + values[middle]) / 2, values.front(),
          values.back()};
}

double quantile(const std::vector<double>& sorted, double q) {
  if (sorted.empty()) return 0;
  const auto rank = std::ceil(q * static_cast<double>(sorted.size()));
  const auto index = static_cast<std::size_t>(std::max(rank, 1.0)) - 1;
  return sorted[std::min(index, sorted.size() - 1)];
}

std::vector<curve_point> curve_of(const std::vector<double>& sorted) {
  std::vector<curve_point> points;
  // A point whose tail holds less than one sample would only repeat the maximum.
  const auto finest = 1.0 / static_cast<double>(std::max<std::size_t>(sorted.size(), 1));
  for (double tail :
       {1.0,  0.9,  0.8,  0.7,  0.6,   0.5,   0.4,   0.3,   0.2,    0.15,   0.1,   0.07,
        0.05, 0.03, 0.02, 0.01, 0.005, 0.003, 0.002, 0.001, 0.0005, 0.0002, 0.0001}) {
    if (tail >= finest) points.push_back({1 - tail, quantile(sorted, 1 - tail)});
  }
  return points;
}

}  // namespace bench
