#include <algorithm>
#include <charconv>

#include <dwell/http/syntax.hpp>

namespace dwell::inline v0::http {

namespace {

constexpr char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }
constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
constexpr bool is_letter(char c) { return lower(c) >= 'a' && lower(c) <= 'z'; }
constexpr bool is_visible(char c) { return c > ' ' && c < '\x7F'; }
constexpr bool is_space(char c) { return c == ' ' || c == '\t'; }

constexpr bool is_token_char(char c) {
  constexpr std::string_view others = "!#$%&'*+-.^_`|~";
  return is_letter(c) || is_digit(c) || others.find(c) != std::string_view::npos;
}
constexpr bool is_value_char(char c) {
  return c == '\t' || (static_cast<unsigned char>(c) >= ' ' && c != '\x7F');
}
constexpr bool is_target_char(char c) {
  return is_visible(c) && c != '#' && c != '"' && c != '<' && c != '>';
}
// Of a registered name, an address or a port; a user's name is none of them.
constexpr bool is_host_char(char c) {
  constexpr std::string_view others = "-._~%!$&'()*+;=:[]";
  return is_letter(c) || is_digit(c) || others.find(c) != std::string_view::npos;
}

}  // namespace

bool same_word(std::string_view a, std::string_view b) noexcept {
  return std::ranges::equal(a, b, {}, lower, lower);
}

bool is_token(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, is_token_char);
}
bool is_field_value(std::string_view text) noexcept {
  return std::ranges::all_of(text, is_value_char);
}
bool is_target(std::string_view text) noexcept {
  return !text.empty() && std::ranges::all_of(text, is_target_char);
}

bool is_host(std::string_view text) noexcept {
  if (!std::ranges::all_of(text, is_host_char)) return false;
  const std::size_t bracket = text.rfind(']');
  const std::size_t colon = text.rfind(':');
  const bool has_port =
      colon != std::string_view::npos && (bracket == std::string_view::npos || colon > bracket);
  const std::string_view name = text.substr(0, has_port ? colon : text.size());
  const std::string_view port = has_port ? text.substr(colon + 1) : std::string_view();
  if (name.empty() || !std::ranges::all_of(port, is_digit)) return false;
  if (name.starts_with('[')) return name.ends_with(']') && name.find('[', 1) == name.npos;
  return name.find_first_of(":[]") == name.npos;
}

std::string_view trimmed(std::string_view text) noexcept {
  while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
  while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
  return text;
}

bool has_word(std::string_view list, std::string_view word) noexcept {
  for (;;) {
    const std::size_t comma = list.find(',');
    if (same_word(trimmed(list.substr(0, comma)), word)) return true;
    if (comma == std::string_view::npos) return false;
    list.remove_prefix(comma + 1);
  }
}

std::optional<std::uint64_t> parse_number(std::string_view digits, int base) noexcept {
  std::uint64_t value = 0;
  const char* const end = digits.data() + digits.size();
  const auto [stopped, error] = std::from_chars(digits.data(), end, value, base);
  if (error != std::errc() || stopped != end) return std::nullopt;
  return value;
}

}  // namespace dwell::inline v0::http
