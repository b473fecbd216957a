// The threads behind blocking(): as many as are needed at once, up to a limit, and none for long
// that are not.
//
// One lock holds everything. A call is a system call or more, so the lock is never what costs.
//
//               submit(): nobody idle, below the limit
//     (none) ──────────────────────────▶ busy ◀────── submit() calls it ─────┐
//                                         │  ▲                               │
//                                         │  └── the queue has a job         │
//                                         └────── the queue is empty ─────▶ idle
//                                                                            │ keep-alive over
//                                                                            ▼
//                                                                         retired, to be joined
//
// Invariants, under the lock:
//  1. A job in the queue has a thread that will come to it: one that was called, one that was just
//     started, or, at the limit or when the system gives no more threads, a busy one.
//  2. So when no thread exists the queue is empty; a job whose thread cannot be started then ends
//     with that error, and any other job waits for the threads there are.
//  3. The newest idle thread is called first, so that the others grow old and retire.
//
// A thread is started under the lock: what a start that fails means depends on who else is there,
// and so nobody comes or goes meanwhile. It takes some twenty microseconds, and only while growing.
// A retired thread is joined by the next that retires or starts, never under the lock, because the
// destructors of its thread-locals are the user's.
//
// Rejected: a shared futex for the idle (wakes them in turn, so none ever retires), and handing the
// job to the called thread (it could not be taken out any more).
#pragma once

#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <string>

#include <dwell/base/atomic.hpp>
#include <dwell/base/export.hpp>
#include <dwell/offload/job.hpp>
#include <dwell/os/lock.hpp>
#include <dwell/os/thread.hpp>

namespace dwell::inline v0::offload {

struct blocking_limits {
  unsigned threads;                     ///< most that exist at once
  std::chrono::nanoseconds keep_alive;  ///< how long one waits for work before it retires
};

/// A moment's numbers.
struct blocking_load {
  std::size_t threads;  ///< that exist
  std::size_t idle;     ///< of them, without work
  std::size_t queued;   ///< jobs that have not begun
};

class DWELL_API blocking_pool final : public runner {
 public:
  /// Starts a thread, or throws: os::thread, unless a test wants to see it fail.
  using thread_starter = std::function<os::thread(std::string name, std::function<void()> body)>;

  /// Starts nothing yet. Threads are named `name`-0, `name`-1, ...
  blocking_pool(std::string name, blocking_limits limits, thread_starter starter = start_thread);
  ~blocking_pool();
  blocking_pool(const blocking_pool&) = delete;
  blocking_pool& operator=(const blocking_pool&) = delete;

  void submit(job& j) noexcept override;
  [[nodiscard]] bool take_out(job& j) noexcept override;

  /// No job comes any more: threads end when what there is has been done. Waits for that until
  /// `deadline_ns`; false when some thread is still busy. May be called again.
  [[nodiscard]] bool close(std::int64_t deadline_ns) noexcept;

  [[nodiscard]] blocking_load load() noexcept;

 private:
  struct thread_record;

  static os::thread start_thread(std::string name, std::function<void()> body);
  void grow();
  void thread_main(thread_record& self) noexcept;
  void run_queued() noexcept;
  [[nodiscard]] bool idle(thread_record& self) noexcept;
  void unlink_idle(thread_record& r) noexcept;
  void call(thread_record& r) noexcept;
  void retire(thread_record& self) noexcept;
  static void join(thread_record* retired) noexcept;

  const std::string name_;
  const blocking_limits limits_;
  const thread_starter starter_;

  os::lock lock_;
  // Under the lock:
  job_queue queue_;
  thread_record* idle_ = nullptr;     // newest first
  thread_record* retired_ = nullptr;  // at most one, which has not been joined
  std::size_t idle_count_ = 0;
  std::uint64_t started_ = 0;
  bool closing_ = false;
  base::atomic<std::uint32_t> threads_{0};  // written under it; close() waits on it
};

}  // namespace dwell::inline v0::offload
