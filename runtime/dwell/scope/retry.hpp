// retry: trying again what fails now and then, without making things worse.
//
// Three things make a retry harmful, and each has its rule:
//  - Many callers fail together and come back together. So the pause is random, between nothing and
//    a ceiling that doubles ("full jitter"); what the server asks for is added below it.
//  - Retries around retries multiply: four times three are twelve requests. So only the outermost
//    retry has a *budget* of retries; those that run inside it, however deep, spend of that one.
//  - Nobody waits for the answer any more. So a pause that would not end before the enclosing
//    deadline is not begun: the last error is thrown while there is time to do something about it.
//
// Each attempt is a scope of its own, which carries the budget: a nested retry finds it on its way
// up (cancel_node::find_kept). A task that spawn() starts lives in no scope of its parent's and has
// a budget of its own; the children of a gather, a race or a task group share their parent's.
//
// Rejected: an attempt inside a handler of the retry's own coroutine (it would need a second way to
// carry the budget), and a rule for each type of error (one predicate does).
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <type_traits>
#include <utility>

#include <dwell/base/atomic.hpp>
#include <dwell/base/export.hpp>
#include <dwell/scope/called_off.hpp>
#include <dwell/scope/deadline.hpp>
#include <dwell/scope/scope_join.hpp>
#include <dwell/scope/sleep.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0 {

/// Base of errors that know when it makes sense to try again: derive from it, beside
/// std::runtime_error, what stands for a server's "Retry-After".
class DWELL_API retry_hint {
 public:
  /// `after` counts from the failure.
  explicit retry_hint(std::chrono::nanoseconds after) noexcept : after_(after) {}
  virtual ~retry_hint();
  [[nodiscard]] std::chrono::nanoseconds retry_after() const noexcept { return after_; }

 protected:
  retry_hint(const retry_hint&) = default;
  retry_hint& operator=(const retry_hint&) = default;

 private:
  std::chrono::nanoseconds after_;
};

/// Whether an error is worth another attempt. It may rethrow the error to look at it.
using retry_predicate = bool (*)(const std::exception_ptr& error);

/// How retry() goes about it.
struct retry_policy {
  /// How often `fn` is called at most, the first time included; at least 1.
  std::uint32_t max_attempts = 4;
  /// The longest first pause; it doubles with each attempt,
  std::chrono::nanoseconds first_pause = std::chrono::milliseconds(500);
  /// up to this one. (A server may ask for more: retry_hint.)
  std::chrono::nanoseconds longest_pause = std::chrono::seconds(30);
  /// Which errors are worth another attempt; null for all. A cancellation never is.
  retry_predicate retries = nullptr;
  /// How many retries this one and those that run inside it may make together, where it is the
  /// outermost; 0 for max_attempts - 1.
  std::uint64_t budget = 0;
};

/// The predicate for errors of these types.
template <class... Errors>
bool retry_on(const std::exception_ptr& error) {
  const auto is = [&]<class E>(const std::type_identity<E>&) {
    try {
      std::rethrow_exception(error);
    } catch (const E&) {
      return true;
    } catch (...) {
      return false;
    }
  };
  return (is(std::type_identity<Errors>()) || ...);
}

namespace scope {

/// The retries that are left to a tree of tasks. Any thread.
class DWELL_API retry_budget {
 public:
  explicit retry_budget(std::uint64_t retries) noexcept : left_(retries) {}
  /// False: it is spent.
  [[nodiscard]] bool spend() noexcept;

  /// The one that those below `scope` spend of, or null.
  [[nodiscard]] static retry_budget* of(core::join& scope) noexcept;

 private:
  base::atomic<std::uint64_t> left_;
};

/// The scope of one attempt.
class DWELL_API attempt_join final : public scope_join {
 public:
  explicit attempt_join(retry_budget& budget) noexcept
      : scope_join("retry", os::never_ns), budget_(budget) {}
  [[nodiscard]] void* kept(const void* key) noexcept override;

 private:
  retry_budget& budget_;
};

/// What one call of retry() decides after each failure.
class DWELL_API retry_plan {
 public:
  /// Stops the program when the policy makes no sense.
  retry_plan(const retry_policy& policy, core::join& scope);

  [[nodiscard]] retry_budget& budget() noexcept { return inherited_ ? *inherited_ : own_; }
  /// How many attempts have failed.
  [[nodiscard]] std::uint32_t failures() const noexcept { return failures_; }
  /// How long to pause before the next attempt; rethrows `error` if there shall be none.
  [[nodiscard]] std::chrono::nanoseconds pause_after(const std::exception_ptr& error);

 private:
  [[nodiscard]] bool worth_it(const std::exception_ptr& error) const;
  [[nodiscard]] std::chrono::nanoseconds ceiling() const noexcept;

  const retry_policy policy_;
  core::join& scope_;
  retry_budget* const inherited_;
  retry_budget own_;
  std::uint32_t failures_ = 0;
};

template <class F>
auto begin_attempt(F& fn, std::uint32_t attempt) {
  if constexpr (std::is_invocable_v<F&, std::uint32_t>)
    return std::invoke(fn, attempt);
  else
    return std::invoke(fn);
}

template <class F>
using attempt_task = decltype(begin_attempt(std::declval<F&>(), 1));

template <class F>
auto run_retry(retry_policy policy, F fn) -> task<typename attempt_task<F>::value_type> {
  core::join& scope = co_await own_scope();
  retry_plan plan(policy, scope);
  for (;;) {
    std::chrono::nanoseconds pause{};
    {
      attempt_join join(plan.budget());
      auto body = begin_attempt(fn, plan.failures() + 1);
      co_await join.run(body_root(body, "retry"));
      const auto& result = core::task_access::promise_of(body);
      if (result.has_value()) co_return take_value_of(body);
      pause = plan.pause_after(result.has_error() ? result.error() : core::cancelled_error());
    }
    co_await sleep_for(pause);
  }
}

}  // namespace scope

/// Calls `fn()`, or `fn(attempt)` with attempts counted from 1, which returns a task<T>, until one
/// of these tasks gives a value, and gives that.
///
/// After a failure it pauses for a random time up to a ceiling that doubles; where the error is a
/// retry_hint, for so long in addition to what the server asks for. It rethrows the last error when
/// the attempts or the budget are used up, when the policy says that it is not worth another
/// attempt, and when the pause would not end before the enclosing deadline (current_deadline()). A
/// cancellation is never retried, and ends a pause at once.
///
/// A retry inside another one, in the same task or in a child of its gather, race or task group,
/// spends of the outermost one's budget: nested retries do not multiply.
///
/// `fn` is moved into the combinator's frame: a capturing lambda is safe. Throws std::bad_alloc.
template <class F>
auto retry(const retry_policy& policy, F&& fn) {
  return scope::run_retry<std::decay_t<F>>(policy, std::forward<F>(fn));
}

}  // namespace dwell::inline v0
