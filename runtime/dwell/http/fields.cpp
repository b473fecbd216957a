#include <algorithm>
#include <stdexcept>
#include <utility>

#include <dwell/http/fields.hpp>
#include <dwell/http/syntax.hpp>

namespace dwell::inline v0::http {

namespace {

// The value is not shown: it may be a secret.
field checked(std::string_view name, std::string_view value) {
  if (!is_token(name))
    throw std::invalid_argument("the name of a header field is no token: '" + std::string(name) +
                                "'");
  if (!is_field_value(value))
    throw std::invalid_argument("the value of the header field " + std::string(name) +
                                " has a control character in it");
  return {.name = std::string(name), .value = std::string(trimmed(value))};
}

auto named(std::string_view name) {
  return [name](const field& f) { return same_word(f.name, name); };
}

}  // namespace

void fields::add(std::string_view name, std::string_view value) {
  all_.push_back(checked(name, value));
}

void fields::set(std::string_view name, std::string_view value) {
  field made = checked(name, value);
  all_.reserve(all_.size() + 1);
  (void)remove(made.name);
  all_.push_back(std::move(made));
}

std::size_t fields::remove(std::string_view name) { return std::erase_if(all_, named(name)); }

std::optional<std::string_view> fields::get(std::string_view name) const noexcept {
  const auto found = std::ranges::find_if(all_, named(name));
  if (found == all_.end()) return std::nullopt;
  return found->value;
}

std::size_t fields::count(std::string_view name) const noexcept {
  return static_cast<std::size_t>(std::ranges::count_if(all_, named(name)));
}

bool fields::has_word(std::string_view name, std::string_view word) const noexcept {
  return std::ranges::any_of(all_, [=](const field& f) {
    return same_word(f.name, name) && http::has_word(f.value, word);
  });
}

}  // namespace dwell::inline v0::http
