// Rows and measurements, and their text forms (see row.hpp).
#include "row.hpp"

#include <charconv>
#include <sstream>
#include <stdexcept>

namespace bench {

namespace {

const parameter* find(const row& subject, std::string_view name) {
  for (const auto& each : subject.params) {
    if (each.name == name) return &each;
  }
  return nullptr;
}

std::string shown(double value) {
  char text[40];
  return {text, std::to_chars(text, text + sizeof text, value).ptr};
}

double parse_real(std::string_view text) {
  double value = 0;
  const auto end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec != std::errc{} || parsed.ptr != end) {
    throw std::runtime_error("not a number: '" + std::string(text) + "'");
  }
  return value;
}

}  // namespace

row& row::number(std::string name, std::uint64_t value) {
  params.push_back({std::move(name), std::to_string(value), parameter::kind::number});
  return *this;
}

row& row::real(std::string name, double value) {
  params.push_back({std::move(name), shown(value), parameter::kind::number});
  return *this;
}

row& row::text(std::string name, std::string value) {
  params.push_back({std::move(name), std::move(value), parameter::kind::text});
  return *this;
}

row& row::knob(std::string name, std::uint64_t value) {
  params.push_back({std::move(name), std::to_string(value), parameter::kind::knob});
  return *this;
}

row& row::hidden(std::string name, std::string value) {
  params.push_back({std::move(name), std::move(value), parameter::kind::hidden});
  return *this;
}

const std::string& row::get(std::string_view name) const {
  if (const auto* found = find(*this, name)) return found->value;
  throw std::runtime_error(workload + ": parameter '" + std::string(name) + "' is missing");
}

std::uint64_t row::get_number(std::string_view name) const {
  const auto& text = get(name);
  std::uint64_t value = 0;
  const auto end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec != std::errc{} || parsed.ptr != end) {
    throw std::runtime_error(workload + ": parameter '" + std::string(name) +
                             "' is not a whole number: '" + text + "'");
  }
  return value;
}

double row::get_real(std::string_view name) const { return parse_real(get(name)); }

bool row::has(std::string_view name) const { return find(*this, name) != nullptr; }

bool row::has(std::string_view name, std::string_view value) const {
  const auto* found = find(*this, name);
  return found != nullptr && found->value == value;
}

std::string row::problem() const {
  auto text = workload;
  for (const auto& each : params) {
    if (each.what == parameter::kind::hidden || each.what == parameter::kind::knob) continue;
    text += ' ' + each.name + '=' + each.value;
  }
  return text;
}

std::string row::label() const {
  auto text = problem();
  for (const auto& each : params) {
    if (each.what == parameter::kind::knob) text += ' ' + each.name + '=' + each.value;
  }
  return text + (runtime == "dwell" ? "" : " " + runtime);
}

std::vector<std::string> to_arguments(const row& subject) {
  std::vector<std::string> words{subject.runtime, subject.workload};
  for (const auto& each : subject.params) words.push_back(each.name + '=' + each.value);
  return words;
}

row from_arguments(const std::vector<std::string>& words) {
  if (words.size() < 2) throw std::runtime_error("--row needs a runtime and a workload");
  row subject{words[0], words[1], {}};
  for (std::size_t i = 2; i < words.size(); ++i) {
    const auto equals = words[i].find('=');
    if (equals == std::string::npos) {
      throw std::runtime_error("--row: expected name=value, got '" + words[i] + "'");
    }
    subject.text(words[i].substr(0, equals), words[i].substr(equals + 1));
  }
  return subject;
}

std::string to_lines(const measurement& subject) {
  std::string text;
  for (const auto& each : subject.metrics) {
    text += "metric " + each.name + ' ' + shown(each.value) + '\n';
  }
  for (const auto& each : subject.curve) {
    text += "curve " + shown(each.quantile) + ' ' + shown(each.value) + '\n';
  }
  return text + (subject.failure.empty() ? "verified\n" : "failed " + subject.failure + '\n');
}

measurement from_lines(std::string_view text) {
  measurement result;
  bool judged = false;
  std::istringstream lines{std::string(text)};
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string word, first, second;
    words >> word >> first >> second;
    if (word == "metric") {
      result.metrics.push_back({first, parse_real(second)});
    } else if (word == "curve") {
      result.curve.push_back({parse_real(first), parse_real(second)});
    } else if (word == "verified" || word == "failed") {
      judged = true;
      if (word == "failed") result.failure = line.substr(7);
    } else {
      throw std::runtime_error("unexpected line from a run: '" + line + "'");
    }
  }
  if (!judged) throw std::runtime_error("a run ended without a verdict");
  return result;
}

}  // namespace bench
