// The two kinds of plot in the report: lines over a scale, and bars.
#pragma once

#include <string>
#include <vector>

#include "axis.hpp"

namespace bench {

struct plot_point {
  double x = 0;
  double y = 0;
  double low = 0;  ///< The spread over the rounds; equal to `high`: none is drawn.
  double high = 0;
};

struct series {
  std::string name;  ///< Written at the line's end.
  std::vector<plot_point> points{};
  bool dots = true;  ///< Measured points are marked; a distribution is a plain line.
};

/// A limit to compare with: a short rule at (x, y).
struct mark {
  double x = 0;
  double y = 0;
  std::string label;
};

struct line_plot {
  std::string title;  ///< What stands on the vertical axis, with its unit.
  std::string x_title;
  axis x;
  axis y;
  std::vector<series> lines;
  std::vector<mark> marks;
};

std::string draw(const line_plot& plot);

struct bar {
  std::string label;
  std::string text;  ///< Written behind the bar.
  double value = 0;
  double low = 0;
  double high = 0;
  bool ours = true;
};

/// Bars that share one scale, under a heading of their own.
struct bar_group {
  std::string heading;
  std::vector<bar> bars;
};

struct bar_plot {
  std::string title;
  std::vector<bar_group> groups;
};

std::string draw(const bar_plot& plot);

}  // namespace bench
