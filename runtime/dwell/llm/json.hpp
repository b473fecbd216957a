// JSON as servers send it: what is missing or of another type than it should be is nothing. Not
// installed.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace dwell::inline v0::llm {

using json = nlohmann::json;

/// A member; null where there is none.
[[nodiscard]] const json& member(const json& of, std::string_view name);
[[nodiscard]] std::string text_at(const json& of, std::string_view name);
[[nodiscard]] std::uint64_t count_at(const json& of, std::string_view name);

/// What a server sent. Throws llm::error, malformed, without a word of it.
[[nodiscard]] json parse_answer(std::string_view text);
/// What a caller gave. Throws std::invalid_argument, which names `what`.
[[nodiscard]] json parse_argument(const std::string& text, const std::string& what);
/// To be sent; what is no UTF-8 becomes U+FFFD.
[[nodiscard]] std::string text_of(const json& value);

}  // namespace dwell::inline v0::llm
