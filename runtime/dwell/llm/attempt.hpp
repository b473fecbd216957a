// One request to a model, from the line before it to its end. Not installed.
//
// It owns what the limits gave: the place is held until the answer has come to its end, and the
// estimate of tokens is put right when it is known what the request was. Whatever the end, it is
// counted once: answered, failed or given up.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>

#include <dwell/http/client_response.hpp>
#include <dwell/llm/completion.hpp>
#include <dwell/llm/error.hpp>
#include <dwell/llm/model_core.hpp>
#include <dwell/scope/timeout.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0::llm {

class attempt {
 public:
  explicit attempt(std::shared_ptr<model_core> core) noexcept : core_(std::move(core)) {}
  attempt(const attempt&) = delete;
  attempt& operator=(const attempt&) = delete;
  /// Given up, if it has not ended.
  ~attempt();

  [[nodiscard]] const model_core& core() const noexcept { return *core_; }

  /// Waits for a place and the rates, sends the question, and gives the answer, which is one of
  /// success, once its head has come. Within carry_out().
  [[nodiscard]] task<http::client_response> ask(const written_question& asked);
  /// The answer has come to its end.
  void answered(const usage& took) noexcept;

  /// Runs a part of the attempt: what goes wrong in it ends the attempt, and becomes the llm::error
  /// that the caller sees.
  template <class T>
  [[nodiscard]] task<T> carry_out(task<T> part) {
    try {
      co_return co_await std::move(part);
    } catch (...) {
      fail();
    }
  }

 private:
  enum class state : std::uint8_t { waiting, sent, ended };

  [[nodiscard]] task<> admit(double estimate);
  /// In a handler: rethrows what it handles.
  [[noreturn]] void fail();
  [[noreturn]] void fail_with(const error& why);
  void end() noexcept;

  const std::shared_ptr<model_core> core_;  // outlives what follows
  semaphore::permit place_;
  rate_limiter::reservation tokens_;
  state state_ = state::waiting;
};

}  // namespace dwell::inline v0::llm
