// How questions and answers look on the way. Not installed.
#pragma once

#include <cstddef>
#include <deque>
#include <memory>
#include <string>
#include <string_view>

#include <dwell/http/fields.hpp>
#include <dwell/http/sse.hpp>
#include <dwell/llm/completion.hpp>
#include <dwell/llm/model_options.hpp>

namespace dwell::inline v0::llm {

/// What is asked.
struct question {
  const model_options& model;
  const conversation& asked;
  const generate_options& options;
  bool streamed;

  /// The call's parameters, and the model's where it has none.
  [[nodiscard]] generation parameters() const;
};

/// Puts a streamed answer together.
class answer_builder {
 public:
  answer_builder() noexcept = default;
  answer_builder(const answer_builder&) = delete;
  answer_builder& operator=(const answer_builder&) = delete;
  virtual ~answer_builder() = default;

  /// Appends what the event brings. Returns whether it was the last one. Throws llm::error.
  [[nodiscard]] virtual bool take(const http::sse::event& e, std::deque<delta>& pieces) = 0;
  /// Whether a stream that ends now has said all, without the mark that should end it.
  [[nodiscard]] virtual bool may_end() const noexcept = 0;
  [[nodiscard]] const completion& answer() const noexcept { return answer_; }
  /// Of what has come.
  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

 protected:
  void add_text(std::string text, std::deque<delta>& pieces);
  /// Throws llm::error for a call that comes before the one before it.
  void add_call(tool_call_delta part, std::deque<delta>& pieces);

  completion answer_;

 private:
  std::size_t bytes_ = 0;
};

/// One protocol. Without state.
class wire_format {
 public:
  wire_format(const wire_format&) = delete;
  wire_format& operator=(const wire_format&) = delete;

  [[nodiscard]] static const wire_format& of(wire which) noexcept;

  /// Behind the base URL.
  [[nodiscard]] virtual std::string_view path() const noexcept = 0;
  virtual void authorize(http::fields& to, const secret& key) const = 0;
  /// Throws std::invalid_argument for a schema or parameters that are no JSON.
  [[nodiscard]] virtual std::string body_of(const question& asked) const = 0;
  /// Throws llm::error.
  [[nodiscard]] virtual completion read(const std::string& body) const = 0;
  [[nodiscard]] virtual std::unique_ptr<answer_builder> begin_stream() const = 0;

 protected:
  wire_format() noexcept = default;
  ~wire_format() = default;
};

/// The formats that there are.
[[nodiscard]] const wire_format& openai_format() noexcept;
[[nodiscard]] const wire_format& anthropic_format() noexcept;

}  // namespace dwell::inline v0::llm
