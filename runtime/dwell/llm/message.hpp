// What is said to a model, and by it.
#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

namespace dwell::inline v0::llm {

enum class role : std::uint8_t { system, user, assistant, tool };

/// A model asks for a tool to be called.
struct tool_call {
  /// Which call the result will be of.
  std::string id;
  std::string name;
  /// JSON, as the model wrote it: an object if it did what it was told.
  std::string arguments;
};

/// One message of a conversation. Its text is UTF-8; what is none is sent as U+FFFD.
struct message {
  llm::role role = llm::role::user;
  std::string text{};
  /// Of an assistant's message.
  std::vector<tool_call> tool_calls{};
  /// Of a tool's message: which call it answers.
  std::string tool_call_id{};

  [[nodiscard]] static message system(std::string text) {
    return {.role = llm::role::system, .text = std::move(text)};
  }
  [[nodiscard]] static message user(std::string text) {
    return {.role = llm::role::user, .text = std::move(text)};
  }
  [[nodiscard]] static message assistant(std::string text) {
    return {.role = llm::role::assistant, .text = std::move(text)};
  }
  [[nodiscard]] static message tool_result(std::string call_id, std::string text) {
    return {.role = llm::role::tool, .text = std::move(text), .tool_call_id = std::move(call_id)};
  }
};

using conversation = std::vector<message>;

/// What a model may ask to be called.
struct tool {
  std::string name;
  std::string description;
  /// A JSON schema of the arguments.
  std::string parameters = R"({"type":"object","properties":{}})";
};

}  // namespace dwell::inline v0::llm
