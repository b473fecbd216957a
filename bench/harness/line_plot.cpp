// Lines over a scale (see plot.hpp).
//
// Drawn some 440 units wide, which is about a phone's width: the text then has its true size there,
// and on a wider screen the page sets plots side by side instead of stretching them.
#include <algorithm>
#include <array>

#include "plot.hpp"
#include "svg.hpp"

namespace bench {

namespace {

constexpr double width = 440, height = 270;
constexpr double left = 50, right = 372, top = 30, bottom = 226;
constexpr double label_pitch = 14;
constexpr std::array colours{"s1", "s2", "s3", "s4", "s5"};

/// A label at a line's end, which may have to step aside for its neighbour.
struct end_label {
  std::string text;
  double y = 0;
  std::string css;
};

class drawing {
 public:
  explicit drawing(const line_plot& plot) : plot_(plot), out_(width, height, plot.title) {}

  std::string finish() {
    frame();
    for (std::size_t i = 0; i < plot_.lines.size(); ++i) {
      line(plot_.lines[i], colours[i % colours.size()]);
    }
    for (const auto& each : plot_.marks) mark_at(each);
    write_labels();
    return out_.finish();
  }

 private:
  [[nodiscard]] spot at(double x, double y) const {
    return {left + (right - left) * plot_.x.share(x), bottom - (bottom - top) * plot_.y.share(y)};
  }

  void frame() {
    out_.text({0, 14}, plot_.title, "plot-title", "start");
    for (const auto& each : plot_.y.ticks) {
      const auto y = at(plot_.x.low, each.at).y;
      out_.line({left, y}, {right, y}, "grid").text({left - 6, y + 4}, each.label, "tick", "end");
    }
    for (const auto& each : plot_.x.ticks) {
      const auto x = at(each.at, plot_.y.low).x;
      out_.line({x, bottom}, {x, bottom + 4}, "axis");
      out_.text({x, bottom + 18}, each.label, "tick", "middle");
    }
    out_.line({left, bottom}, {right, bottom}, "axis");
    out_.text({(left + right) / 2, height - 6}, plot_.x_title, "tick", "middle");
  }

  void line(const series& subject, const std::string& colour) {
    if (subject.points.empty()) return;
    std::vector<spot> spots;
    for (const auto& each : subject.points) spots.push_back(at(each.x, each.y));
    if (spots.size() > 1) out_.path(spots, "line " + colour);
    for (const auto& each : subject.points) {
      if (each.low < each.high)
        out_.line(at(each.x, each.low), at(each.x, each.high), "whisker " + colour);
    }
    if (subject.dots || spots.size() == 1) {
      for (const auto& each : spots) out_.dot(each, 3, "dot " + colour);
    }
    // A line may end before the axis does; its label stays beside its end's height.
    labels_.push_back({subject.name, spots.back().y + 4, "name " + colour});
  }

  void mark_at(const mark& subject) {
    const auto centre = at(subject.x, subject.y);
    const auto from = std::max(left, centre.x - 22), to = std::min(right, centre.x + 22);
    out_.line({from, centre.y}, {to, centre.y}, "budget");
    // At the right edge the label must leave room for the names of the lines.
    const bool at_edge = to == right;
    const spot beside{at_edge ? from - 6 : to + 6, centre.y + 4};
    out_.text(beside, subject.label, "budget-name", at_edge ? "end" : "start");
  }

  void write_labels() {
    std::sort(labels_.begin(), labels_.end(),
              [](const end_label& a, const end_label& b) { return a.y < b.y; });
    double free = top;
    for (auto& each : labels_) {
      each.y = std::max(each.y, free);
      free = each.y + label_pitch;
    }
    // Pushed below the axis, the whole column moves up again.
    const auto excess = labels_.empty() ? 0 : std::max(0.0, labels_.back().y - bottom);
    for (const auto& each : labels_)
      out_.text({right + 6, each.y - excess}, each.text, each.css, "start");
  }

  const line_plot& plot_;
  svg out_;
  std::vector<end_label> labels_;
};

}  // namespace

std::string draw(const line_plot& plot) { return drawing(plot).finish(); }

}  // namespace bench
