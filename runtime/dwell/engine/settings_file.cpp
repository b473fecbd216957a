// Settings from a file in TOML: `key = value` lines, the keys as in knobs.hpp. The bench/tune of
// the repository writes such files.
#define TOML_HEADER_ONLY 1
#include <fstream>
#include <string>
#include <toml++/toml.h>

#include <dwell/engine/knobs.hpp>

namespace dwell::inline v0 {

namespace engine {

namespace {

std::string place_of(const std::string& path, const toml::source_position& where) {
  return path + ":" + std::to_string(where.line) + ":" + std::to_string(where.column) + ": ";
}

toml::table read(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw settings_error(path + ": cannot be read");
  try {
    return toml::parse(file, path);
  } catch (const toml::parse_error& wrong) {
    throw settings_error(place_of(path, wrong.source().begin) + std::string(wrong.description()));
  }
}

std::string known_keys() {
  std::string keys(name_key);
  for (const knob& each : knobs()) keys += ", " + std::string(each.key);
  return keys;
}

// A number where words are expected, or words where a number is, becomes no text at all.
std::string text_of(const toml::node& value, bool in_words) {
  if (in_words) return value.value<std::string>().value_or(std::string());
  const auto* const number = value.as_integer();
  return number == nullptr ? std::string() : std::to_string(number->get());
}

void apply(settings& into, std::string_view key, const toml::node& value,
           const std::string& place) {
  const knob* const known = find_knob(key);
  if (known == nullptr && key != name_key)
    throw settings_error(place + "no such setting '" + std::string(key) + "'; they are " +
                         known_keys());
  const bool in_words = known == nullptr || !known->choices.empty();
  const std::string text = text_of(value, in_words);
  const bool taken = known == nullptr ? value.is_string() : known->take(into, text);
  if (!taken)
    throw settings_error(place + std::string(key) + ": expected " +
                         (known == nullptr ? "a text in quotes" : known->allowed()));
  if (known == nullptr) into.thread_name = text;
}

}  // namespace

void apply_file(settings& into, const std::string& path) {
  for (const auto& [key, value] : read(path))
    apply(into, key.str(), value, place_of(path, key.source().begin));
}

}  // namespace engine

settings settings::from_file(const std::string& path) {
  settings read;
  engine::apply_file(read, path);
  return read;
}

}  // namespace dwell::inline v0
