#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include <dwell/engine/settings.hpp>
#include <dwell/os/thread.hpp>

extern char** environ;  // NOLINT: POSIX names it; there is no other way to see every variable

namespace dwell::inline v0 {

namespace {

// A numeric setting: its variable, its range, and where it goes.
struct knob {
  std::string_view variable;
  std::string_view name;
  std::uint64_t least;
  std::uint64_t most;
  std::uint64_t (*get)(const settings&);
  void (*set)(settings&, std::uint64_t);
};

template <auto Member>
constexpr knob number(std::string_view variable, std::string_view name, std::uint64_t least,
                      std::uint64_t most) {
  return {variable,
          name,
          least,
          most,
          [](const settings& s) { return static_cast<std::uint64_t>(s.*Member); },
          [](settings& s, std::uint64_t v) { s.*Member = static_cast<unsigned>(v); }};
}

constexpr std::array knobs{
    number<&settings::threads>("DWELL_THREADS", "threads", 0, 1024),
    knob{"DWELL_TIMER_SLACK_US", "timer_slack (in microseconds)", 0, 1'000'000,
         [](const settings& s) {
           using std::chrono::microseconds;
           // A negative slack becomes a huge number, and is refused as such.
           return static_cast<std::uint64_t>(
               std::chrono::floor<microseconds>(s.timer_slack).count());
         },
         [](settings& s, std::uint64_t v) {
           s.timer_slack = std::chrono::microseconds(static_cast<std::int64_t>(v));
         }},
    knob{"DWELL_SHUTDOWN_GRACE_MS", "shutdown_grace (in milliseconds)", 0, 86'400'000,
         [](const settings& s) { return static_cast<std::uint64_t>(s.shutdown_grace.count()); },
         [](settings& s, std::uint64_t v) {
           s.shutdown_grace = std::chrono::milliseconds(static_cast<std::int64_t>(v));
         }},
    number<&settings::spin>("DWELL_SPIN", "spin", 0, 1'000'000),
    number<&settings::lifo_cap>("DWELL_LIFO_CAP", "lifo_cap", 0, 1'000),
    number<&settings::fairness_interval>("DWELL_FAIRNESS_INTERVAL", "fairness_interval", 1,
                                         1'000'000),
    number<&settings::frame_cache>("DWELL_FRAME_CACHE", "frame_cache", 64, 1'000'000),
};

constexpr std::string_view name_variable = "DWELL_THREAD_NAME";
// Read by the tests and by nothing in the library.
constexpr std::string_view test_prefix = "DWELL_TEST_";

std::string range_of(const knob& k) {
  return std::to_string(k.least) + " to " + std::to_string(k.most);
}

void apply(settings& s, const knob& k, std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < k.least || value > k.most)
    throw settings_error(std::string(k.variable) + "=" + std::string(text) +
                         ": expected a whole number from " + range_of(k));
  k.set(s, value);
}

void apply_variable(settings& s, std::string_view variable, std::string_view text) {
  if (variable.starts_with(test_prefix)) return;
  if (variable == name_variable) {
    s.thread_name = text;
    return;
  }
  for (const knob& k : knobs)
    if (k.variable == variable) return apply(s, k, text);
  std::string known(name_variable);
  for (const knob& k : knobs) known += ", " + std::string(k.variable);
  throw settings_error(std::string(variable) + ": no such setting; the variables are " + known);
}

void apply_environment(settings& s) {
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view line(*entry);
    const std::size_t equals = line.find('=');
    if (line.starts_with("DWELL_") && equals != std::string_view::npos)
      apply_variable(s, line.substr(0, equals), line.substr(equals + 1));
  }
}

void validate(const settings& s) {
  for (const knob& k : knobs) {
    const std::uint64_t value = k.get(s);
    if (value < k.least || value > k.most)
      throw settings_error("settings::" + std::string(k.name) + " = " + std::to_string(value) +
                           ": expected " + range_of(k));
  }
}

}  // namespace

settings_error::settings_error(const std::string& what) : std::invalid_argument("dwell: " + what) {}
settings_error::~settings_error() = default;

settings resolve(settings s) {
  apply_environment(s);
  validate(s);
  if (s.threads == 0) s.threads = os::usable_processors();
  return s;
}

}  // namespace dwell::inline v0
