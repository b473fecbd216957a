// results.json, by hand: a list of flat objects needs no library.
#include <charconv>
#include <cmath>

#include "report.hpp"

namespace bench {

namespace {

std::string quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(c));
      out += escape;
    } else {
      out += c;
    }
  }
  return out + '"';
}

/// JSON has no NaN and no infinity.
std::string number(double value) {
  if (!std::isfinite(value)) return "null";
  char text[40];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return {text, end};
}

std::string joined(const std::vector<std::string>& members) {
  std::string text = "{";
  for (const auto& each : members) text += (text.size() > 1 ? ", " : "") + each;
  return text + '}';
}

std::string member(const std::string& name, const std::string& json) {
  return quoted(name) + ": " + json;
}

std::string params_of(const row& subject) {
  std::vector<std::string> members;
  for (const auto& each : subject.params) {
    if (each.what == parameter::kind::hidden) continue;
    const bool plain = each.what != parameter::kind::text;
    members.push_back(member(each.name, plain ? each.value : quoted(each.value)));
  }
  return joined(members);
}

std::string metrics_of(const result& subject) {
  std::vector<std::string> members;
  for (const auto& each : subject.metrics) {
    members.push_back(member(each.name, number(each.over_rounds.median)));
  }
  return joined(members);
}

std::string spread_json(const result& subject) {
  std::vector<std::string> members;
  for (const auto& each : subject.metrics) {
    members.push_back(member(each.name, joined({member("min", number(each.over_rounds.low)),
                                                member("max", number(each.over_rounds.high))})));
  }
  return joined(members);
}

std::string result_json(const result& subject) {
  std::vector<std::string> members{
      member("runtime", quoted(subject.subject.runtime)),
      member("workload", quoted(subject.subject.workload)),
      member("params", params_of(subject.subject)),
      member("metrics", metrics_of(subject)),
      member("verified", subject.verified() ? "true" : "false"),
      member("spread", spread_json(subject)),
      member("compiler", quoted(compiler())),
      member("version", quoted(subject.version)),
  };
  if (subject.ratio_to_dwell > 0) {
    members.push_back(member("ratio_to_dwell", number(subject.ratio_to_dwell)));
  }
  if (!subject.verified()) members.push_back(member("failure", quoted(subject.failure)));
  return joined(members);
}

}  // namespace

std::string to_json(const report& subject) {
  std::string text = "[\n";
  for (std::size_t i = 0; i < subject.results.size(); ++i) {
    text += "  " + result_json(subject.results[i]);
    text += i + 1 < subject.results.size() ? ",\n" : "\n";
  }
  return text + "]\n";
}

}  // namespace bench
