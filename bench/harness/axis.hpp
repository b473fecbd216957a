// A scale from figures to pixels, with the ticks that a reader can follow.
#pragma once

#include <string>
#include <vector>

namespace bench {

struct tick {
  double at = 0;
  std::string label;
};

struct axis {
  double low = 0;
  double high = 1;
  bool logarithmic = false;
  std::vector<tick> ticks;

  /// 0 at `low`, 1 at `high`; figures outside are drawn at the edge.
  [[nodiscard]] double share(double value) const;
};

/// From 0 to a round number at or above `most`, in steps of 1, 2 or 5.
axis linear_axis(double most);

/// Whole decades around `least` and `most`, one tick each; figures at or below zero are drawn at
/// the bottom.
axis log_axis(double least, double most);

/// A distribution's axis: every decade of the tail gets the same room, so that p99.9 can be read. A
/// quantile q stands at 1/(1-q).
axis tail_axis(double last_quantile);

}  // namespace bench
