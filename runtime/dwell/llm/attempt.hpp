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
  attempt(std::shared_ptr<model_core> core, std::shared_ptr<written_question> asked) noexcept
      : core_(std::move(core)), asked_(std::move(asked)) {}
  attempt(const attempt&) = delete;
  attempt& operator=(const attempt&) = delete;
  /// Given up, if it has not ended.
  ~attempt();

  [[nodiscard]] const model_core& core() const noexcept { return *core_; }
  /// How often its question was sent until now, by whatever attempt.
  [[nodiscard]] std::uint64_t requests() const noexcept { return asked_->sent.get(); }

  /// Waits for a place and the rates.
  [[nodiscard]] task<> admit();
  /// The same where that needs no waiting and overtakes nobody. False: nothing was taken.
  [[nodiscard]] bool admit_as_hedge();
  /// Sends the question, and gives the answer, which is one of success, once its head has come.
  /// Once it was let through; within carry_out().
  [[nodiscard]] task<http::client_response> ask();
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

  /// In a handler: rethrows what it handles.
  [[noreturn]] void fail();
  [[noreturn]] void fail_with(const error& why);
  void end() noexcept;

  const std::shared_ptr<model_core> core_;  // outlives what follows
  const std::shared_ptr<written_question> asked_;
  semaphore::permit place_;
  rate_limiter::reservation tokens_;
  state state_ = state::waiting;
};

}  // namespace dwell::inline v0::llm
