#include <stdexcept>

#include <dwell/llm/error.hpp>
#include <dwell/llm/json.hpp>

namespace dwell::inline v0::llm {

const json& member(const json& of, std::string_view name) {
  static const json nothing;
  if (!of.is_object()) return nothing;
  const auto found = of.find(name);
  return found != of.end() ? *found : nothing;
}

std::string text_at(const json& of, std::string_view name) {
  const json& value = member(of, name);
  return value.is_string() ? value.get<std::string>() : std::string();
}

std::uint64_t count_at(const json& of, std::string_view name) {
  const json& value = member(of, name);
  return value.is_number_unsigned() ? value.get<std::uint64_t>() : 0;
}

json parse_answer(std::string_view text) {
  json value = json::parse(text, nullptr, false);
  if (value.is_discarded()) throw error(failure::malformed, "the answer is no JSON");
  return value;
}

json parse_argument(const std::string& text, const std::string& what) {
  json value = json::parse(text, nullptr, false);
  if (!value.is_object()) throw std::invalid_argument("dwell: " + what + " is no JSON object");
  return value;
}

std::string text_of(const json& value) {
  return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

}  // namespace dwell::inline v0::llm
