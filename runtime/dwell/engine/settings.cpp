#include <algorithm>
#include <cstdlib>
#include <string_view>

#include <dwell/engine/knobs.hpp>
#include <dwell/engine/settings.hpp>
#include <dwell/os/thread.hpp>

extern char** environ;  // NOLINT: POSIX names it; there is no other way to see every variable

namespace dwell::inline v0 {

namespace {

constexpr const char* file_variable = "DWELL_SETTINGS";
// Read by the tests and by nothing in the library.
constexpr std::string_view test_prefix = "DWELL_TEST_";
// Read by sim::seeds().
constexpr std::string_view sim_prefix = "DWELL_SIM_";

bool is_ours(std::string_view variable) {
  return variable.starts_with("DWELL_") && variable != file_variable &&
         !variable.starts_with(test_prefix) && !variable.starts_with(sim_prefix);
}

std::string known_variables() {
  std::string variables = engine::variable_of(engine::name_key) + ", " + file_variable;
  for (const engine::knob& each : engine::knobs())
    variables += ", " + engine::variable_of(each.key);
  return variables;
}

void apply_variable(settings& s, std::string_view variable, std::string_view text) {
  const std::string key = engine::key_of(variable);
  if (key == engine::name_key) {
    s.thread_name = text;
    return;
  }
  const engine::knob* const known = engine::find_knob(key);
  if (known == nullptr)
    throw settings_error(std::string(variable) + ": no such setting; the variables are " +
                         known_variables());
  if (!known->take(s, text))
    throw settings_error(std::string(variable) + "=" + std::string(text) + ": expected " +
                         known->allowed());
}

void apply_environment(settings& s) {
  if (const char* const path = std::getenv(file_variable)) engine::apply_file(s, path);
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view line(*entry);
    const std::size_t equals = line.find('=');
    if (equals != std::string_view::npos && is_ours(line.substr(0, equals)))
      apply_variable(s, line.substr(0, equals), line.substr(equals + 1));
  }
}

void validate(const settings& s) {
  for (const engine::knob& each : engine::knobs()) {
    const std::uint64_t value = each.get(s);
    if (!each.allows(value))
      throw settings_error("settings::" + std::string(each.member) + " = " + std::to_string(value) +
                           ": expected " + std::to_string(each.least) + " to " +
                           std::to_string(each.most));
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
