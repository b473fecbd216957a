// An answer that is read as the model writes it.
#pragma once

#include <memory>
#include <optional>

#include <dwell/base/export.hpp>
#include <dwell/llm/completion.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0::llm {

class open_stream;

/// Gives the pieces of an answer as they come, and at the end the whole:
///
///   while (auto piece = co_await answer.next()) use(piece->text);
///   const llm::completion whole = co_await answer.result();
///
/// Move-only. It keeps a place of model_limits::max_in_flight until the answer has come to its end.
/// Destroyed before that, it closes the connection, and the server stops writing. One task at a
/// time.
class DWELL_API completion_stream {
 public:
  /// For the model.
  explicit completion_stream(std::unique_ptr<open_stream> from) noexcept;
  completion_stream(completion_stream&&) noexcept;
  completion_stream& operator=(completion_stream&&) noexcept;
  ~completion_stream();

  /// The next piece; nothing at the end. Throws llm::error, and again at each later call: what was
  /// given before was the beginning of the answer. Cancellable, without effect: what has come is
  /// given by the next call.
  [[nodiscard]] task<std::optional<delta>> next();

  /// Reads what is left, and gives the whole answer, all pieces put together. Throws as next(). A
  /// cancel loses nothing: it may be called again.
  [[nodiscard]] task<completion> result();

 private:
  std::unique_ptr<open_stream> from_;
};

}  // namespace dwell::inline v0::llm
