// compute(): work for a processor rather than a wait, beside the workers instead of on them.
//
// A worker that computes for a second keeps everything queued on it waiting, and wake-ups of others
// late. The arena has threads of its own, fewer than processors, so that a worker finds one free.
// oneTBB is behind a type-erased job: no header of it is needed to use Dwell.
#pragma once

#include <utility>

#include <dwell/offload/invocation.hpp>
#include <dwell/task/outside_waker.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0 {

/// Calls `fn(args...)` on a thread of the compute arena (oneTBB) and gives what it returns, or
/// throws what it throws. Function and arguments are moved or copied into the task.
///
/// settings::compute_threads functions run at once; further ones begin in the order in which they
/// came. `fn` may use tbb::parallel_for and the like: they spread over the arena's threads.
///
/// Cancellable. A function that has not begun never runs. One that runs is told twice: its
/// std::stop_token is stopped, if its first parameter is one, and its oneTBB algorithms are
/// cancelled, which they look at between two pieces of their range. Its end is waited for, and
/// cancelled is thrown, because its value may be half a result; an exception that it ends with is
/// thrown instead.
/// `fn` should not block: nobody computes on its thread meanwhile. That is what blocking() is for.
template <class F, class... Args>
requires offload::callable<F, Args...> task<offload::result_of<F, Args...>> compute(F fn,
                                                                                    Args... args) {
  const core::outside_waker may_wake;
  offload::runner& arena = *offload::current_runners("compute").compute;
  offload::invocation<F, Args...> job(std::move(fn), std::move(args)...);
  const offload::submission whole(job, arena, offload::job_wait::for_compute);
  if (!co_await whole) {
    job.request_stop();
    arena.interrupt(job);
    const offload::rest_of rest(job);
    co_await rest;
    if (!job.failed()) core::throw_cancelled();
  }
  co_return job.take();
}

}  // namespace dwell::inline v0
