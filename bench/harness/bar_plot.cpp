// Bars (see plot.hpp). Lengths are proportional within a group and start at zero, so that a ratio
// can be seen; the ratio is written beside them all the same.
#include <algorithm>

#include "plot.hpp"
#include "svg.hpp"

namespace bench {

namespace {

constexpr double width = 440, label_width = 78, bar_room = 230;
constexpr double pitch = 22, thickness = 14, heading_height = 28, top = 26;

double height_of(const bar_plot& plot) {
  double height = top;
  for (const auto& each : plot.groups) {
    height += heading_height + pitch * static_cast<double>(each.bars.size());
  }
  return height + 4;
}

void draw_bar(svg& out, const bar& subject, double y, double scale) {
  const auto middle = y + thickness / 2;
  const auto length = std::max(subject.value * scale, 1.0);
  out.text({label_width - 8, middle + 4}, subject.label, "tick", "end");
  out.rectangle({label_width, y}, length, thickness, subject.ours ? "bar ours" : "bar peer");
  if (subject.low < subject.high) {
    out.line({label_width + subject.low * scale, middle},
             {label_width + subject.high * scale, middle}, "bar-whisker");
  }
  const auto end = std::max(length, subject.high * scale);
  out.text({label_width + end + 7, middle + 4}, subject.text, "value", "start");
}

}  // namespace

std::string draw(const bar_plot& plot) {
  svg out(width, height_of(plot), plot.title);
  out.text({0, 14}, plot.title, "plot-title", "start");
  double y = top;
  for (const auto& group : plot.groups) {
    double most = 0;
    for (const auto& each : group.bars) most = std::max({most, each.value, each.high});
    out.text({0, y + 18}, group.heading, "group", "start");
    y += heading_height;
    for (const auto& each : group.bars) {
      draw_bar(out, each, y, most > 0 ? bar_room / most : 0);
      y += pitch;
    }
  }
  return out.finish();
}

}  // namespace bench
