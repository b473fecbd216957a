// One question, asked by one request or by several side by side. Not installed.
//
//   the first  ─ in line ─ sent ────────────────────────────────────────▶ answer, or error
//   a hedge                  └─ hedge_after ─ still silent? room? ─ sent ─▶ answer, or error
//
// They are the tasks of an as_completed(): its body takes the first answer and leaves. That cancels
// the others and waits until they are gone, so nothing of them outlives the call.
//
// Invariant: the question is given up when every request that was sent has failed, and not before.
// The round counts them, and from none nobody joins: what the body throws is never overtaken by a
// hedge that has just been sent.
//
// Rejected: race(), for which an error wins as a value does.
#pragma once

#include <exception>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include <dwell/llm/attempt.hpp>
#include <dwell/llm/error.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/scope/as_completed.hpp>
#include <dwell/scope/sleep.hpp>
#include <dwell/sync/event.hpp>

namespace dwell::inline v0::llm {

/// What the requests of one question know of each other.
class hedge_round {
 public:
  /// Set when the first request has been let through: until then it is no server that is silent.
  event sent;

  /// An answer comes, though it be long: nobody else is asked.
  void answer_begins() noexcept {
    const os::lock_guard guard(lock_);
    answered_ = true;
  }
  /// Whether one more may be asked.
  [[nodiscard]] bool join() noexcept {
    const os::lock_guard guard(lock_);
    if (answered_ || asking_ == 0) return false;
    ++asking_;
    return true;
  }
  /// One has failed, or was not sent.
  void leave() noexcept {
    const os::lock_guard guard(lock_);
    --asking_;
  }
  [[nodiscard]] bool is_over() const noexcept {
    const os::lock_guard guard(lock_);
    return asking_ == 0;
  }

 private:
  mutable os::lock lock_;
  unsigned asking_ = 1;  // under the lock, like what follows
  bool answered_ = false;
};

/// What an attempt does once it has been let through.
template <class T>
using asking = task<T> (*)(std::unique_ptr<attempt>, hedge_round&);

template <class T>
task<T> ask_in_line(std::unique_ptr<attempt> with, asking<T> ask, hedge_round& round) {
  co_await with->admit();
  round.sent.set();
  co_return co_await ask(std::move(with), round);
}

template <class T>
task<std::optional<T>> ask_first(std::unique_ptr<attempt> with, asking<T> ask, hedge_round& round) {
  co_return co_await ask_in_line(std::move(with), ask, round);
}

/// Nothing: it was not sent.
template <class T>
task<std::optional<T>> ask_late(std::unique_ptr<attempt> with, asking<T> ask, hedge_round& round,
                                unsigned number) {
  co_await round.sent.wait();
  for (unsigned i = 0; i < number; ++i) co_await sleep_for(with->core().options.hedge_after);
  if (!round.join()) co_return std::nullopt;
  if (!with->admit_as_hedge()) {
    round.leave();
    co_return std::nullopt;
  }
  co_return co_await ask(std::move(with), round);
}

[[nodiscard]] inline bool is_refusal(const std::exception_ptr& why) noexcept {
  try {
    std::rethrow_exception(why);
  } catch (const error& e) {
    return e.is_refusal();
  } catch (...) {
    return false;
  }
}

// The error that is thrown tells how far the question came: where one of its requests may have been
// worked on, that another was refused would say too little.
template <class T>
task<T> first_answer(completions<std::optional<T>>& ends, hedge_round& round) {
  std::exception_ptr failure;
  while (auto end = co_await ends.next()) {
    if (end->has_value()) {
      if (std::optional<T>& answer = end->value()) co_return std::move(*answer);
    } else {
      if (failure == nullptr || is_refusal(failure)) failure = end->error();
      round.leave();
    }
    if (round.is_over()) break;
  }
  std::rethrow_exception(failure);
}

/// Asks, with as many hedges as the model's options allow.
template <class T>
task<T> ask_hedged(std::shared_ptr<model_core> core, std::shared_ptr<written_question> asked,
                   asking<T> ask) {
  const unsigned hedges = core->options.hedges;
  hedge_round round;
  auto first = std::make_unique<attempt>(core, asked);
  if (hedges == 0) co_return co_await ask_in_line(std::move(first), ask, round);
  std::vector<task<std::optional<T>>> all;
  all.push_back(ask_first(std::move(first), ask, round));
  for (unsigned number = 1; number <= hedges; ++number)
    all.push_back(ask_late(std::make_unique<attempt>(core, asked), ask, round, number));
  const auto take_first = [&round](completions<std::optional<T>>& ends) {
    return first_answer(ends, round);
  };
  auto asking_all = as_completed(std::move(all), take_first);
  co_return co_await std::move(asking_all);
}

}  // namespace dwell::inline v0::llm
