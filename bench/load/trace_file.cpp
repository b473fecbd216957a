// The trace reader (see trace_file.hpp). Strict on purpose: a line that is skipped in silence would
// be a benchmark of another file than the one that was named.
#include "trace_file.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string_view>
#include <vector>

#include "../harness/options.hpp"

namespace bench {

namespace {

constexpr std::array<std::string_view, 3> columns{"TIMESTAMP", "ContextTokens", "GeneratedTokens"};

/// Where the reader stands, for its complaints.
struct position {
  const std::string& path;
  std::size_t line = 0;

  [[noreturn]] void complain(const std::string& about) const {
    throw usage_error(path + ", line " + std::to_string(line) + ": " + about);
  }
};

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> fields;
  for (;;) {
    const auto comma = line.find(',');
    fields.push_back(line.substr(0, comma));
    if (comma == line.npos) return fields;
    line.remove_prefix(comma + 1);
  }
}

std::uint64_t parse_tokens(std::string_view text, std::string_view column, const position& at) {
  constexpr std::uint64_t most = 1'000'000'000;
  std::uint64_t value = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), value);
  if (parsed.ec != std::errc{} || parsed.ptr != text.data() + text.size() || value > most) {
    at.complain(std::string(column) + ": expected a number of tokens, got '" + std::string(text) +
                "'");
  }
  return value;
}

/// A digit group of fixed width at `offset`; -1 when something else stands there.
int digits(std::string_view text, std::size_t offset, std::size_t width) {
  int value = 0;
  for (std::size_t i = offset; i < offset + width; ++i) {
    if (i >= text.size() || text[i] < '0' || text[i] > '9') return -1;
    value = value * 10 + (text[i] - '0');
  }
  return value;
}

/// The fraction of a second ".6805900" in nanoseconds; -1 when malformed.
std::int64_t fraction_ns(std::string_view text) {
  if (text.empty()) return 0;
  if (text.size() < 2 || text.size() > 10 || text[0] != '.') return -1;
  const auto shown = digits(text, 1, text.size() - 1);
  if (shown < 0) return -1;
  std::int64_t value = shown;
  for (auto i = text.size(); i < 10; ++i) value *= 10;
  return value;
}

/// "2023-11-16 18:15:46.6805900" in nanoseconds since 1970.
std::int64_t parse_moment(std::string_view text, const position& at) {
  using namespace std::chrono;
  const auto date = year(digits(text, 0, 4)) / digits(text, 5, 2) / digits(text, 8, 2);
  const int hour = digits(text, 11, 2), minute = digits(text, 14, 2), second = digits(text, 17, 2);
  const auto fraction = fraction_ns(text.substr(std::min<std::size_t>(text.size(), 19)));
  const bool punctuated = text.size() >= 19 && text[4] == '-' && text[7] == '-' &&
                          (text[10] == ' ' || text[10] == 'T') && text[13] == ':' &&
                          text[16] == ':';
  const bool in_range = date.ok() && date.year() >= year(1970) && hour >= 0 && hour < 24 &&
                        minute >= 0 && minute < 60 && second >= 0 && second <= 60 && fraction >= 0;
  if (!punctuated || !in_range) {
    at.complain("TIMESTAMP: expected YYYY-MM-DD HH:MM:SS.fffffff, got '" + std::string(text) + "'");
  }
  const auto whole = sys_days(date).time_since_epoch() + hours(hour) + minutes(minute);
  return nanoseconds(whole).count() + second * 1'000'000'000LL + fraction;
}

/// Where each wanted column stands in the file.
std::array<std::size_t, 3> parse_header(std::string_view line, const position& at) {
  const auto names = split(line);
  std::array<std::size_t, 3> where{};
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto found = std::find(names.begin(), names.end(), columns[i]);
    if (found == names.end()) at.complain("the column " + std::string(columns[i]) + " is missing");
    where[i] = static_cast<std::size_t>(found - names.begin());
  }
  return where;
}

trace_request parse_request(std::string_view line, const std::array<std::size_t, 3>& where,
                            std::size_t width, const position& at) {
  const auto fields = split(line);
  if (fields.size() != width) {
    at.complain("expected " + std::to_string(width) + " fields, got " +
                std::to_string(fields.size()));
  }
  return {parse_moment(fields[where[0]], at), parse_tokens(fields[where[1]], columns[1], at),
          parse_tokens(fields[where[2]], columns[2], at)};
}

bool next_line(std::ifstream& file, std::string& line, position& at) {
  if (!std::getline(file, line)) return false;
  ++at.line;
  if (line.ends_with('\r')) line.pop_back();
  return true;
}

}  // namespace

void read_trace(const std::string& path, const std::function<void(const trace_request&)>& take) {
  std::ifstream file(path);
  if (!file) throw usage_error("--trace: cannot read '" + path + "'");
  position at{path};
  std::string line;
  if (!next_line(file, line, at)) throw usage_error(path + " is empty or cannot be read");
  const auto where = parse_header(line, at);
  const auto width = split(line).size();
  std::optional<std::int64_t> first, previous;
  while (next_line(file, line, at)) {
    auto request = parse_request(line, where, width, at);
    if (previous > request.arrival_ns) at.complain("TIMESTAMP: earlier than the line above");
    previous = request.arrival_ns;
    if (!first) first = request.arrival_ns;
    request.arrival_ns -= *first;
    take(request);
  }
  if (!first) throw usage_error(path + " holds no request");
}

}  // namespace bench
