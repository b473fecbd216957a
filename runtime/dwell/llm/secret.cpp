#include <cstddef>
#include <cstdlib>

#include <dwell/llm/secret.hpp>

namespace dwell::inline v0::llm {

secret secret::from_environment(const std::string& variable) {
  const char* const text = variable.empty() ? nullptr : std::getenv(variable.c_str());
  return secret(text != nullptr ? text : "");
}

std::string secret::removed_from(std::string text) const {
  static constexpr std::string_view stars = "***";
  if (empty()) return text;
  for (std::size_t at = text.find(text_); at != std::string::npos; at = text.find(text_, at)) {
    text.replace(at, text_.size(), stars);
    at += stars.size();
  }
  return text;
}

}  // namespace dwell::inline v0::llm
