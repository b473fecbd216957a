// What one line of the results is about: a runtime, a workload and its parameters, and what one run
// of it measured.
//
// Every run of a row happens in a process of its own, so both halves have a text form: a row
// travels to the child as arguments, a measurement travels back as lines on standard output. Plain
// words rather than JSON, so that a peer in any language can speak it with print statements.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace bench {

/// One parameter of a row. A `knob` is Dwell's own: shown, but no part of the problem that peers
/// have to solve. `hidden` ones steer the child (a path, say) and stay out of the results.
struct parameter {
  enum class kind { number, text, knob, hidden };
  std::string name;
  std::string value;
  kind what = kind::number;
};

/// A runtime, a workload and its parameters: one line of the results.
struct row {
  std::string runtime;
  std::string workload;
  std::vector<parameter> params;

  row& number(std::string name, std::uint64_t value);
  row& real(std::string name, double value);
  row& text(std::string name, std::string value);
  row& knob(std::string name, std::uint64_t value);
  row& hidden(std::string name, std::string value);

  /// The value of a parameter; throws std::runtime_error naming the parameter when it is missing.
  [[nodiscard]] const std::string& get(std::string_view name) const;
  [[nodiscard]] std::uint64_t get_number(std::string_view name) const;
  [[nodiscard]] double get_real(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name, std::string_view value) const;

  /// "llm_waits n=100000 threads=2 … tokio": what progress lines show and what --only matches.
  [[nodiscard]] std::string label() const;

  /// The same problem on another runtime has the same key.
  [[nodiscard]] std::string problem() const;
};

/// The words that describe a row to a child process, and back.
std::vector<std::string> to_arguments(const row& subject);
row from_arguments(const std::vector<std::string>& words);

struct metric {
  std::string name;
  double value = 0;
};

/// A point of a distribution: `value` (µs) is not exceeded by the share `quantile` of the samples.
struct curve_point {
  double quantile = 0;
  double value = 0;
};

/// What one run of a row found. An empty `failure` means that its result was verified.
struct measurement {
  std::vector<metric> metrics;
  std::vector<curve_point> curve;
  std::string failure;
};

std::string to_lines(const measurement& subject);

/// Reads what a child printed; throws std::runtime_error on a line that it does not know, and when
/// neither "verified" nor "failed" was said.
measurement from_lines(std::string_view text);

}  // namespace bench
