// The few shapes that the plots are drawn with, as inline SVG text.
//
// Colours are classes, not values: the page's style sheet decides them, and so one drawing serves a
// light screen, a dark one and paper.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace bench {

struct spot {
  double x = 0;
  double y = 0;
};

/// For text inside HTML and SVG.
std::string escaped_html(std::string_view text);

class svg {
 public:
  /// `description` is what a screen reader says.
  svg(double width, double height, std::string_view description);

  svg& line(spot from, spot to, std::string_view css);
  svg& path(const std::vector<spot>& spots, std::string_view css);
  svg& rectangle(spot corner, double width, double height, std::string_view css);
  svg& dot(spot centre, double radius, std::string_view css);
  /// `anchor`: "start", "middle" or "end".
  svg& text(spot at, std::string_view words, std::string_view css, std::string_view anchor);

  [[nodiscard]] std::string finish() const { return body_ + "</svg>\n"; }

 private:
  std::string body_;
};

}  // namespace bench
