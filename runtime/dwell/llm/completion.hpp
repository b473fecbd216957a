// What a model answers: whole, or in pieces.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <dwell/llm/message.hpp>

namespace dwell::inline v0::llm {

/// Tokens, as the server counted them; 0 when it did not say.
struct usage {
  std::uint64_t input_tokens = 0;
  std::uint64_t output_tokens = 0;

  [[nodiscard]] std::uint64_t total() const noexcept { return input_tokens + output_tokens; }
};

enum class finish_reason : std::uint8_t {
  stop,            ///< It had said all, or came to a stop sequence.
  length,          ///< At max_tokens, or the end of its context.
  tool_calls,      ///< It waits for results of tools.
  content_filter,  ///< The vendor cut it off.
  other,           ///< Something that we do not know, or nothing.
};

/// A whole answer.
struct completion {
  std::string text{};
  std::vector<tool_call> tool_calls{};
  llm::usage usage{};
  finish_reason finish = finish_reason::other;
  /// The server's name for the answer, and for the model that gave it.
  std::string id{};
  std::string model{};
  /// How many requests were sent for it, retries and hedges included. What the others took in
  /// tokens is not in `usage`, and may have to be paid all the same.
  std::uint64_t requests = 0;

  /// To be added to the conversation.
  [[nodiscard]] message as_message() const {
    return {.role = role::assistant, .text = text, .tool_calls = tool_calls};
  }
};

/// A piece of a tool call: what comes first has its id and name, the rest more of its arguments.
struct tool_call_delta {
  /// Which of the answer's calls.
  std::size_t index = 0;
  std::string id{};
  std::string name{};
  std::string arguments{};
};

/// A piece of an answer: of its text, or of a tool call.
struct delta {
  std::string text{};
  std::optional<tool_call_delta> call{};
};

}  // namespace dwell::inline v0::llm
