// A job that is a C++ function with its arguments: what a thread calls, and what that gave.
#pragma once

#include <concepts>
#include <exception>
#include <functional>
#include <memory>
#include <stop_token>
#include <tuple>
#include <type_traits>
#include <utility>

#include <dwell/offload/job.hpp>
#include <dwell/task/cancelled.hpp>
#include <dwell/task/result.hpp>

namespace dwell::inline v0::offload {

/// A function that wants to be told of a cancel: its first parameter takes a std::stop_token. One
/// that could be called either way gets the token, as with std::jthread.
template <class F, class... Args>
inline constexpr bool takes_stop_token = std::is_invocable_v<F, std::stop_token, Args...>;

template <class F, class... Args>
concept callable = takes_stop_token<F, Args...> || std::is_invocable_v<F, Args...>;

template <class F, class... Args>
struct called_with : std::invoke_result<F, Args...> {};
template <class F, class... Args>
requires takes_stop_token<F, Args...>
struct called_with<F, Args...> : std::invoke_result<F, std::stop_token, Args...> {
};

/// What the call gives.
template <class F, class... Args>
using result_of = typename called_with<F, Args...>::type;

/// In place of a std::stop_source where nobody would look at it.
struct no_stop_source {
  static void request_stop() noexcept {}
};

/// The call of `F` with `Args`, all of which it owns.
template <class F, class... Args>
class invocation : public job {
  using result_type = result_of<F, Args...>;

 public:
  explicit invocation(F&& fn, Args&&... args) : fn_(std::move(fn)), args_(std::move(args)...) {}
  virtual ~invocation() = default;

  void fail(std::exception_ptr error) noexcept override { result_.fail(std::move(error)); }

  /// Stops the function's token, if it has one. Runs the user's stop callbacks.
  void request_stop() noexcept { stop_.request_stop(); }

  /// After the end. An interrupted call may have neither value nor error: it never began.
  [[nodiscard]] bool failed() const noexcept { return result_.has_error(); }
  [[nodiscard]] const std::exception_ptr& error() const noexcept { return result_.error(); }
  /// Gives the value or throws the error.
  result_type take() {
    if (failed()) std::rethrow_exception(error());
    if (!result_.has_value()) core::throw_cancelled();
    if constexpr (std::is_reference_v<result_type>)
      return static_cast<result_type>(*result_.take());
    else if constexpr (!std::is_void_v<result_type>)
      return result_.take();
  }

 private:
  void call() noexcept override {
    try {
      keep_result();
    } catch (...) {
      result_.fail(std::current_exception());
    }
  }

  static constexpr bool with_token = takes_stop_token<F, Args...>;

  void keep_result() {
    if constexpr (std::is_void_v<result_type>) {
      invoke();
      result_.emplace();
    } else if constexpr (std::is_reference_v<result_type>) {
      result_.emplace(std::addressof(invoke()));
    } else {
      result_.emplace(invoke());
    }
  }

  decltype(auto) invoke() {
    return std::apply(
        [this](auto&&... args) -> decltype(auto) {
          if constexpr (with_token)
            return std::invoke(std::move(fn_), stop_.get_token(), std::move(args)...);
          else
            return std::invoke(std::move(fn_), std::move(args)...);
        },
        std::move(args_));
  }

  F fn_;
  std::tuple<Args...> args_;
  std::conditional_t<with_token, std::stop_source, no_stop_source> stop_;
  core::result_slot<result_type> result_;
};

}  // namespace dwell::inline v0::offload
