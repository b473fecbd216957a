// A function on its way to a thread that may block, and its result on the way back.
//
// Two words decide, each under one authority. Whether the function runs at all is the runner's:
//
//     queued ──a thread takes it──▶ begun ──the function returns──▶ ended
//        └────take_out()──▶ never runs
//
// all under the runner's lock. Who hears of the end is decided by the word in the job:
//
//                  wait                    finish()
//     nobody ─────────────▶ waiting(wait) ──────────▶ done, the wait is woken
//       │  ▲                  │
//       │  └── forget_wait() ─┘
//       ├──── finish() ───▶ done
//       └──── abandon() ──▶ abandoned ──finish()──▶ done, nobody hears of it
//
// A cancel that comes while the function runs only ends the *wait*: the awaiting coroutine goes on,
// tells the function (user code runs in a stop callback, so it must not run under the locks of the
// canceller), and then waits again, for certain, or abandons the job. So there is one place where a
// running job is stopped, and it is ordinary code.
//
// A job usually lives in the awaiting frame, which outlasts it. Only an abandoned one must not, and
// then it lives in a block of its own (blocking.hpp).
//
// Rejected: a oneshot for the result. It has no second thoughts: a cancelled receiver goes away,
// and cannot say whether the function may still begin.
#pragma once

#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <source_location>

#include <dwell/base/atomic.hpp>
#include <dwell/base/export.hpp>
#include <dwell/task/binding.hpp>
#include <dwell/task/executor.hpp>
#include <dwell/task/park.hpp>
#include <dwell/task/promise.hpp>

namespace dwell::inline v0::offload {

/// What a runner runs. Made by the awaiting side, called by a thread of the runner.
class DWELL_API job {
 public:
  job() = default;
  job(const job&) = delete;
  job& operator=(const job&) = delete;

  // ---- The runner ----

  /// A thread takes the job. Under the runner's lock: afterwards take_out() answers no.
  virtual void begun() noexcept {}
  /// Calls the function and keeps what it ends with. The function sees the task locals of whoever
  /// awaits it.
  void run() noexcept {
    const core::function_scope seen(bound_);
    call();
  }
  /// Instead of run(): no thread could be had.
  virtual void fail(std::exception_ptr error) noexcept = 0;
  /// After run() or fail(): wakes who waits. The job may be gone when this returns.
  virtual void finish() noexcept { static_cast<void>(complete()); }

  // ---- The awaiting side ----

  /// Who waits first, in a worker's hands; before the runner knows the job.
  void set_first_wait(core::wait& w) noexcept;
  /// False: it has ended.
  [[nodiscard]] bool add_wait(core::wait& w) noexcept;
  /// True: the wait will not be woken. False: it is certain to be.
  [[nodiscard]] bool forget_wait(core::wait& w) noexcept;

 protected:
  ~job() = default;
  virtual void call() noexcept = 0;
  /// False: abandoned, so what it ended with is nobody's.
  [[nodiscard]] bool complete() noexcept;
  /// True: nobody will hear of the end. False: it has ended, and the result is there.
  [[nodiscard]] bool try_abandon() noexcept;
  /// Where the coroutine that waits is awaited; for a root, where that is.
  [[nodiscard]] const std::source_location& awaited_at() const noexcept { return awaited_at_; }

 private:
  friend class job_queue;

  static constexpr std::uintptr_t nobody = 0;
  static constexpr std::uintptr_t done = 1;
  static constexpr std::uintptr_t abandoned = 2;
  base::atomic<std::uintptr_t> word_{nobody};
  core::executor* home_ = nullptr;  // of whoever waits
  std::source_location awaited_at_;
  core::bindings bound_;

  // The runner's, under its lock.
  job* next_ = nullptr;
  job* previous_ = nullptr;
  bool queued_ = false;
};

/// Jobs that have not begun, oldest first. Owned by a runner, under its lock. All O(1).
class job_queue {
 public:
  void push(job& j) noexcept;
  /// The oldest, or null.
  [[nodiscard]] job* pop() noexcept;
  /// Whether it stood in the queue.
  bool remove(job& j) noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

 private:
  job* first_ = nullptr;
  job* last_ = nullptr;
  std::size_t size_ = 0;
};

/// Threads that call functions: the pool of blocking(), the arena of compute(), or what a
/// simulation puts in their place. Every call is safe from any thread.
class runner {
 public:
  /// Takes the job; it is finished some day, unless it is taken out before. A failure to find a
  /// thread is what the job then ends with.
  virtual void submit(job& j) noexcept = 0;
  /// True: the job had not begun, and never will.
  [[nodiscard]] virtual bool take_out(job& j) noexcept = 0;
  /// Asks what a running job has spread over other threads to stop.
  virtual void interrupt(job&) noexcept {}

 protected:
  ~runner() = default;
};

/// Told of an exception that nobody will hear of, and where it was awaited once. Must not throw.
using unobserved_function = void (*)(const std::exception_ptr& error,
                                     const std::source_location& where) noexcept;

/// Where the workers of a runtime find their runners: what core::run_context::runners points to.
struct runners {
  runner* blocking;
  runner* compute;
  unobserved_function report_unobserved;
};

/// The runners of the runtime that the calling worker belongs to; without one the program stops.
DWELL_API runners& current_runners(const char* who) noexcept;

/// The wait for a job that it submits. Ends with the job, or with a cancel.
class DWELL_API job_wait final : public core::wait {
 public:
  job_wait(job& j, runner& on, const core::wait_kind& kind) noexcept
      : wait(kind), job_(j), runner_(on) {}

  static constexpr bool await_ready() noexcept { return false; }
  template <core::task_promise P>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<P> self) noexcept {
    return sleep(self);
  }
  /// True: the job has ended. False: cancelled, but it runs. Throws cancelled if it never will.
  [[nodiscard]] bool await_resume();

  static const core::wait_kind for_blocking;
  static const core::wait_kind for_compute;

 private:
  [[nodiscard]] bool sleep(std::coroutine_handle<> self) noexcept;
  static bool call_off(core::wait& self) noexcept;

  job& job_;
  runner& runner_;
  bool submitted_ = false;  // and not taken out
};

/// The wait for a job that runs, which a cancel does not end.
class DWELL_API certain_wait final : public core::wait {
 public:
  explicit certain_wait(job& j) noexcept : wait(kind), job_(j) {}

  static constexpr bool await_ready() noexcept { return false; }
  template <core::task_promise P>
  [[nodiscard]] bool await_suspend(std::coroutine_handle<P> self) noexcept {
    return sleep(self);
  }
  void await_resume() noexcept { root().sleep.resumed(); }

 private:
  [[nodiscard]] bool sleep(std::coroutine_handle<> self) noexcept;
  static const core::wait_kind kind;

  job& job_;
};

/// `co_await` of it submits the job and waits: see job_wait.
class submission {
 public:
  submission(job& j, runner& on, const core::wait_kind& kind) noexcept
      : job_(j), runner_(on), kind_(kind) {}
  job_wait operator co_await() const noexcept { return job_wait(job_, runner_, kind_); }

 private:
  job& job_;
  runner& runner_;
  const core::wait_kind& kind_;
};

/// `co_await` of it waits for a job that runs: see certain_wait.
class rest_of {
 public:
  explicit rest_of(job& j) noexcept : job_(j) {}
  certain_wait operator co_await() const noexcept { return certain_wait(job_); }

 private:
  job& job_;
};

}  // namespace dwell::inline v0::offload
