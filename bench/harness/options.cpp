// The command line (see options.hpp).
//
// DWELL_* variables outrank what a program sets in code. A row must say what really ran, so the
// harness asks the library what the environment amounts to, takes threads and timer slack as its
// own defaults, and removes both variables before any child starts; an explicit --threads then
// wins, as a reader of the command line expects.
#include "options.hpp"

#include <charconv>
#include <chrono>
#include <cstdlib>
#include <sstream>
#include <unistd.h>

#include <dwell/dwell.hpp>

namespace bench {

namespace {

constexpr unsigned most_threads = 1024;

template <class Number>
Number parse_number(const std::string& name, const std::string& text, Number low, Number high) {
  Number value{};
  const auto end = text.data() + text.size();
  const auto parsed = std::from_chars(text.data(), end, value);
  if (parsed.ec != std::errc{} || parsed.ptr != end || value < low || value > high) {
    throw usage_error(name + ": expected a number from " + std::to_string(low) + " to " +
                      std::to_string(high) + ", got '" + text + "'");
  }
  return value;
}

void take_environment(options& into) {
  try {
    const auto resolved = dwell::resolve({});
    into.threads = resolved.threads;
    into.timer_slack_us =
        static_cast<unsigned>(resolved.timer_slack / std::chrono::microseconds(1));
  } catch (const dwell::settings_error& error) {
    throw usage_error(error.what());
  }
  unsetenv("DWELL_THREADS");
  unsetenv("DWELL_TIMER_SLACK_US");
}

void check_pattern(const std::string& pattern) {
  try {
    std::regex compiled(pattern);
  } catch (const std::regex_error&) {
    throw usage_error("--only: '" + pattern + "' is not a regular expression");
  }
}

/// "a,b" as two names; "" and "none" as no name.
std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> names;
  std::istringstream words(text == "none" ? "" : text);
  for (std::string name; std::getline(words, name, ',');)
    if (!name.empty()) names.push_back(name);
  return names;
}

/// Walks the arguments; an option may be written `--name value` or `--name=value`.
class argument_reader {
 public:
  argument_reader(int argc, char** argv) : words_(argv + 1, argv + argc) {}

  bool next() {
    if (at_ == words_.size()) return false;
    name_ = words_[at_++];
    inline_value_.clear();
    const auto equals = name_.find('=');
    has_inline_ = name_.starts_with("--") && equals != std::string::npos;
    if (has_inline_) {
      inline_value_ = name_.substr(equals + 1);
      name_.resize(equals);
    }
    return true;
  }

  [[nodiscard]] const std::string& name() const { return name_; }

  std::string value() {
    if (has_inline_) return inline_value_;
    if (at_ == words_.size()) throw usage_error(name_ + " needs a value; see --help");
    return words_[at_++];
  }

  std::vector<std::string> rest() {
    std::vector<std::string> words(words_.begin() + static_cast<std::ptrdiff_t>(at_), words_.end());
    at_ = words_.size();
    return words;
  }

  void refuse_inline_value() const {
    if (has_inline_) throw usage_error(name_ + " takes no value; see --help");
  }

 private:
  std::vector<std::string> words_;
  std::size_t at_ = 0;
  std::string name_;
  std::string inline_value_;
  bool has_inline_ = false;
};

bool take_flag(argument_reader& reader, options& into) {
  const auto& name = reader.name();
  if (name == "--quick") {
    into.how = effort::quick;
  } else if (name == "--full") {
    into.how = effort::full;
  } else if (name == "--smoke") {
    into.how = effort::smoke;
  } else if (name == "--list") {
    into.list = true;
  } else if (name == "--help" || name == "-h") {
    into.help = true;
  } else {
    return false;
  }
  reader.refuse_inline_value();
  return true;
}

void take_option(argument_reader& reader, options& into) {
  const auto name = reader.name();
  if (take_flag(reader, into)) return;
  if (name == "--only") {
    into.only = reader.value();
    check_pattern(into.only);
  } else if (name == "--json") {
    into.json = reader.value();
  } else if (name == "--peers") {
    into.peers = split(reader.value());
  } else if (name == "--peers-dir") {
    into.peers_dir = reader.value();
  } else if (name == "--report-dir") {
    into.report_dir = reader.value();
  } else if (name == "--trace") {
    into.trace = reader.value();
  } else if (name == "--speedup") {
    into.speedup = parse_number<double>(name, reader.value(), 0.001, 1e9);
  } else if (name == "--threads") {
    into.threads = parse_number<unsigned>(name, reader.value(), 1U, most_threads);
  } else if (name == "--row" || name == "--baseline-row" || name == "--serve") {
    into.child_is_baseline = name == "--baseline-row";
    into.child_is_server = name == "--serve";
    into.child = reader.rest();
  } else {
    throw usage_error("unknown option '" + name + "'; see --help");
  }
}

}  // namespace

// Beside many peers three rounds of everything take half an hour.
unsigned options::rounds() const {
  if (how == effort::smoke) return 1;
  return how == effort::full && peers.size() < 2 ? 5 : 3;
}

std::vector<unsigned> options::thread_counts() const {
  return threads == 1 ? std::vector<unsigned>{1} : std::vector<unsigned>{1, threads};
}

options parse(int argc, char** argv) {
  options result;
  take_environment(result);
  argument_reader reader(argc, argv);
  while (reader.next()) take_option(reader, result);
  return result;
}

std::string help_text() {
  return R"(Usage: bench/run [options]

Measures Dwell and verifies every result. Writes results.json, results.md and a
self-contained report.html into build/report.

  --quick            the default: under two minutes
  --full             wider: up to a million waits, more sizes, more rounds
  --only REGEX       only the rows whose line matches, such as 'gather.*n=10000'
  --peers LIST       the runtimes to compare with: 'all', 'none' or names such as
                     'tokio,go' (default: onetbb); bench/run builds them
  --install-peers    install what they need (Debian packages) instead of leaving
                     out a peer whose language is missing
  --list             print the rows that would run, as a child is told them
  --threads N        worker threads (default: one per core)
  --trace FILE.csv   also replay a request trace with the columns TIMESTAMP,
                     ContextTokens, GeneratedTokens: as it arrived, and all at once
  --speedup X        how many times faster than real time the trace is replayed
                     (default: chosen so that three replays take about 20 s; with
                     --full, so that one does)
  --json FILE        write results.json to FILE too
  --report-dir DIR   where the reports go (default: build/report)
  --help             this text

Exit code: 0 when every row was verified, 1 when one was not, 2 for a mistake on
the command line or in the trace.
)";
}

}  // namespace bench
