// Scales (see axis.hpp).
#include "axis.hpp"

#include <algorithm>
#include <cmath>

#include "figures.hpp"

namespace bench {

double axis::share(double value) const {
  const auto clamped = std::clamp(value, low, high);
  if (!logarithmic) return (clamped - low) / (high - low);
  return std::log(clamped / low) / std::log(high / low);
}

axis linear_axis(double most) {
  const double target = std::max(most, 1e-9) / 4;
  const double magnitude = std::pow(10, std::floor(std::log10(target)));
  double step = 10 * magnitude;
  for (const double factor : {5.0, 2.0, 1.0}) {
    if (factor * magnitude >= target) step = factor * magnitude;
  }
  axis made;
  const auto steps = static_cast<int>(std::ceil(most / step - 1e-9));
  made.high = step * std::max(steps, 1);
  for (int i = 0; i <= std::max(steps, 1); ++i)
    made.ticks.push_back({i * step, round_figure(i * step)});
  return made;
}

axis log_axis(double least, double most) {
  const double bottom = std::max(least, 1e-3);
  auto first = static_cast<int>(std::floor(std::log10(bottom) + 1e-9));
  auto last = static_cast<int>(std::ceil(std::log10(std::max(most, bottom)) - 1e-9));
  if (last == first) ++last;
  axis made{std::pow(10, first), std::pow(10, last), true, {}};
  for (int i = first; i <= last; ++i)
    made.ticks.push_back({std::pow(10, i), round_figure(std::pow(10, i))});
  return made;
}

axis tail_axis(double last_quantile) {
  axis made{1, std::max(1 / (1 - last_quantile), 10.0), true, {{2, "p50"}, {10, "p90"}}};
  if (made.high >= 100) made.ticks.push_back({100, "p99"});
  if (made.high >= 1'000) made.ticks.push_back({1'000, "p99.9"});
  // 1 - (1 - 1e-4) is not quite 1e-4.
  if (made.high >= 9'999) made.ticks.push_back({9'999, "p99.99"});
  return made;
}

}  // namespace bench
