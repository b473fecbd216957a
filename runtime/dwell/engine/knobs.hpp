// The settings that can be said in words: by an environment variable, or in a file.
//
// One table serves both, and the check of what the code says. The key of a setting in a file is
// `timer_slack_us`; its variable is DWELL_TIMER_SLACK_US.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <dwell/engine/settings.hpp>

namespace dwell::inline v0::engine {

struct knob {
  std::string_view key;
  std::string_view member;  ///< In `settings`, with the unit: for complaints about the code.
  std::uint64_t least = 0;
  std::uint64_t most = 0;
  std::uint64_t (*get)(const settings&);
  void (*set)(settings&, std::uint64_t);
  std::span<const std::string_view> choices{};  ///< Words for the numbers, where it has words.

  [[nodiscard]] bool allows(std::uint64_t value) const { return value >= least && value <= most; }
  /// "a whole number from 0 to 1024", "shared or dedicated"
  [[nodiscard]] std::string allowed() const;
  /// Takes a value as text. False: it is not allowed, and nothing has changed.
  [[nodiscard]] bool take(settings& into, std::string_view text) const;
};

std::span<const knob> knobs();

/// The knob with that key, or null.
const knob* find_knob(std::string_view key);

/// The one setting that is no knob but a text.
inline constexpr std::string_view name_key = "thread_name";

/// "timer_slack_us" as "DWELL_TIMER_SLACK_US", and back; empty when it is no such variable.
std::string variable_of(std::string_view key);
std::string key_of(std::string_view variable);

/// Reads a file over `into`. See settings::from_file().
void apply_file(settings& into, const std::string& path);

}  // namespace dwell::inline v0::engine
