// blocking(): a function that blocks (a file, a database client, a synchronous SDK) called on a
// thread that may, while the coroutine waits as it does for anything else.
//
// A coroutine rather than an awaiter, so that it goes wherever a task goes: gather, spawn, timeout.
// Its frame holds the function and its arguments; the thread works in that frame, because the frame
// outlasts the call. Only with abandon_on_cancel the frame may go first: then both sides share a
// block.
#pragma once

#include <memory>
#include <utility>

#include <dwell/offload/invocation.hpp>
#include <dwell/task/outside_waker.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0 {

/// First argument of blocking(): a cancel need not wait for the function.
struct abandon_on_cancel_t {
  explicit abandon_on_cancel_t() = default;
};
inline constexpr abandon_on_cancel_t abandon_on_cancel{};

namespace offload {

/// An invocation that may outlive the coroutine that awaits it. The thread that begins it takes a
/// share of it along.
template <class F, class... Args>
class abandonable final : public invocation<F, Args...>,
                          public std::enable_shared_from_this<abandonable<F, Args...>> {
 public:
  using invocation<F, Args...>::invocation;

  void begun() noexcept override { kept_ = this->shared_from_this(); }
  void finish() noexcept override {
    const std::shared_ptr<abandonable> kept = std::move(kept_);
    if (!this->complete() && this->failed()) report_(this->error(), this->awaited_at());
  }
  /// As job::try_abandon(); an error that comes later goes to `report`.
  [[nodiscard]] bool abandon(unobserved_function report) noexcept {
    report_ = report;
    return this->try_abandon();
  }

 private:
  std::shared_ptr<abandonable> kept_;
  unobserved_function report_ = nullptr;
};

}  // namespace offload

/// Calls `fn(args...)` on a thread that may block and gives what it returns, or throws what it
/// throws. Function and arguments are moved or copied into the task, as with std::thread.
///
/// At most settings::blocking_threads functions run at once; further ones wait their turn, first
/// come first served. Throws std::system_error when the system has no thread to give and none is
/// there.
///
/// Cancellable. A function that has not begun never runs, and cancelled is thrown; one that runs is
/// waited for, and what it gives is given. If its first parameter is a std::stop_token, that is
/// stopped by the cancel. Inside `fn` there is no runtime: it is an ordinary thread, which may call
/// runtime::spawn, runtime::run and join_handle::join, and may not co_await.
template <class F, class... Args>
requires offload::callable<F, Args...> task<offload::result_of<F, Args...>> blocking(F fn,
                                                                                     Args... args) {
  const core::outside_waker may_wake;
  offload::runner& threads = *offload::current_runners("blocking").blocking;
  offload::invocation<F, Args...> job(std::move(fn), std::move(args)...);
  const offload::submission whole(job, threads, offload::job_wait::for_blocking);
  if (!co_await whole) {
    job.request_stop();
    const offload::rest_of rest(job);
    co_await rest;
  }
  co_return job.take();
}

/// blocking() that a cancel releases at once, also while the function runs: it runs on, occupying
/// its thread, and its result is dropped. An exception that it ends with goes to
/// the unobserved-error hook. Whatever the function refers to must outlive it, which the
/// awaiting scope does not: give it values. A runtime that ends waits for it.
template <class F, class... Args>
requires offload::callable<F, Args...> task<offload::result_of<F, Args...>> blocking(
    abandon_on_cancel_t, F fn, Args... args) {
  const core::outside_waker may_wake;
  const offload::runners on = offload::current_runners("blocking");
  using job_type = offload::abandonable<F, Args...>;
  const auto job = std::make_shared<job_type>(std::move(fn), std::move(args)...);
  const offload::submission whole(*job, *on.blocking, offload::job_wait::for_blocking);
  if (!co_await whole) {
    job->request_stop();
    if (job->abandon(on.report_unobserved)) core::throw_cancelled();
  }
  co_return job->take();
}

}  // namespace dwell::inline v0
