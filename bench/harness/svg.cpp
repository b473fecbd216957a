// SVG text (see svg.hpp).
#include "svg.hpp"

#include <cstdio>

namespace bench {

namespace {

/// A tenth of a pixel is finer than any screen shows.
std::string coordinate(double value) {
  char text[40];
  std::snprintf(text, sizeof text, "%.1f", value);
  return text;
}

std::string attribute(std::string_view name, std::string_view value) {
  std::string text(1, ' ');
  return text.append(name).append("=\"").append(value).append("\"");
}

std::string attribute(std::string_view name, double value) {
  return attribute(name, coordinate(value));
}

}  // namespace

std::string escaped_html(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

svg::svg(double width, double height, std::string_view description) {
  body_ = "<svg viewBox=\"0 0 " + coordinate(width) + ' ' + coordinate(height) + "\" role=\"img\"" +
          attribute("aria-label", escaped_html(description)) + ">\n";
}

svg& svg::line(spot from, spot to, std::string_view css) {
  body_ += "<line" + attribute("x1", from.x) + attribute("y1", from.y) + attribute("x2", to.x) +
           attribute("y2", to.y) + attribute("class", css) + "/>\n";
  return *this;
}

svg& svg::path(const std::vector<spot>& spots, std::string_view css) {
  std::string points;
  for (const auto& each : spots) {
    points.append(coordinate(each.x)).append(",").append(coordinate(each.y)).append(" ");
  }
  body_ += "<polyline" + attribute("points", points) + attribute("class", css) + "/>\n";
  return *this;
}

svg& svg::rectangle(spot corner, double width, double height, std::string_view css) {
  body_ += "<rect" + attribute("x", corner.x) + attribute("y", corner.y) +
           attribute("width", width) + attribute("height", height) + attribute("class", css) +
           "/>\n";
  return *this;
}

svg& svg::dot(spot centre, double radius, std::string_view css) {
  body_ += "<circle" + attribute("cx", centre.x) + attribute("cy", centre.y) +
           attribute("r", radius) + attribute("class", css) + "/>\n";
  return *this;
}

svg& svg::text(spot at, std::string_view words, std::string_view css, std::string_view anchor) {
  body_ += "<text" + attribute("x", at.x) + attribute("y", at.y) + attribute("class", css) +
           attribute("text-anchor", anchor) + '>' + escaped_html(words) + "</text>\n";
  return *this;
}

}  // namespace bench
