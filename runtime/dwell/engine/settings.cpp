#include <algorithm>
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

template <auto Member>
constexpr knob milliseconds(std::string_view variable, std::string_view name) {
  return {variable, name, 0, 86'400'000,
          // A negative duration becomes a huge number, and is refused as such.
          [](const settings& s) { return static_cast<std::uint64_t>((s.*Member).count()); },
          [](settings& s, std::uint64_t v) {
            s.*Member = std::chrono::milliseconds(static_cast<std::int64_t>(v));
          }};
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
    milliseconds<&settings::shutdown_grace>("DWELL_SHUTDOWN_GRACE_MS",
                                            "shutdown_grace (in milliseconds)"),
    number<&settings::blocking_threads>("DWELL_BLOCKING_THREADS", "blocking_threads", 1, 100'000),
    milliseconds<&settings::blocking_keep_alive>("DWELL_BLOCKING_KEEP_ALIVE_MS",
                                                 "blocking_keep_alive (in milliseconds)"),
    number<&settings::compute_threads>("DWELL_COMPUTE_THREADS", "compute_threads", 0, 1024),
    milliseconds<&settings::watchdog_after>("DWELL_WATCHDOG_MS",
                                            "watchdog_after (in milliseconds)"),
    milliseconds<&settings::compute_watchdog_after>("DWELL_COMPUTE_WATCHDOG_MS",
                                                    "compute_watchdog_after (in milliseconds)"),
    number<&settings::spin>("DWELL_SPIN", "spin", 0, 1'000'000),
    number<&settings::lifo_cap>("DWELL_LIFO_CAP", "lifo_cap", 0, 1'000),
    number<&settings::fairness_interval>("DWELL_FAIRNESS_INTERVAL", "fairness_interval", 1,
                                         1'000'000),
    number<&settings::frame_cache>("DWELL_FRAME_CACHE", "frame_cache", 64, 1'000'000),
};

constexpr std::string_view name_variable = "DWELL_THREAD_NAME";
// Read by the tests and by nothing in the library.
constexpr std::string_view test_prefix = "DWELL_TEST_";
// Read by sim::seeds().
constexpr std::string_view sim_prefix = "DWELL_SIM_";

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
  if (variable.starts_with(test_prefix) || variable.starts_with(sim_prefix)) return;
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
  const unsigned processors = os::usable_processors();
  if (s.threads == 0) s.threads = processors;
  if (s.compute_threads == 0) s.compute_threads = std::max(1U, processors - 1);
  return s;
}

}  // namespace dwell::inline v0
