// The small grammar of HTTP/1.1: characters, tokens, lists. Not installed.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace dwell::inline v0::http {

/// Case-insensitive for ASCII, as names of fields and most keywords are.
[[nodiscard]] bool same_word(std::string_view a, std::string_view b) noexcept;

/// A method, the name of a field, a coding.
[[nodiscard]] bool is_token(std::string_view text) noexcept;

/// What may stand in the value of a field: no control character but the tab, so neither a line's
/// end nor NUL. Bytes beyond ASCII may, as they always could.
[[nodiscard]] bool is_field_value(std::string_view text) noexcept;

/// What clients send in a request's target. RFC 3986 allows less; but browsers send brackets and
/// bars as they are, and nothing is ambiguous about them.
[[nodiscard]] bool is_target(std::string_view text) noexcept;

/// A host with or without a port, as Host has it.
[[nodiscard]] bool is_host(std::string_view text) noexcept;

/// Without the spaces and tabs around it.
[[nodiscard]] std::string_view trimmed(std::string_view text) noexcept;

/// Whether a list that commas separate has the word.
[[nodiscard]] bool has_word(std::string_view list, std::string_view word) noexcept;

/// Digits and nothing else, at least one, that fit.
[[nodiscard]] std::optional<std::uint64_t> parse_number(std::string_view digits, int base) noexcept;

}  // namespace dwell::inline v0::http
