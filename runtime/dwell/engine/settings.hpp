// Everything that can be tuned, in one struct.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>

#include <dwell/base/export.hpp>

namespace dwell::inline v0 {

/// A setting that makes no sense, or an environment variable that does not parse; the message names
/// the setting, the value and what is allowed.
class DWELL_API settings_error : public std::invalid_argument {
 public:
  explicit settings_error(const std::string& what);
  ~settings_error() override;
};

/// Who waits for timers and sockets.
enum class reactor_mode : std::uint8_t {
  shared,     ///< Whichever worker has nothing to run: one wake-up for each batch.
  dedicated,  ///< A thread of its own: punctual also while every worker computes, at more CPU.
};

/// What the kernel is asked for the sockets' events.
enum class io_mode : std::uint8_t {
  epoll,     ///< One system call takes what has happened.
  io_uring,  ///< What has happened is in shared memory; needs Linux 6.0 and leave to use it.
};

/// How a runtime is built. The environment (DWELL_*) overrides the file that DWELL_SETTINGS names,
/// which overrides what the code says, which overrides these defaults.
struct settings {
  /// The defaults, and over them what a file in TOML says: `timer_slack_us = 0` and the like, the
  /// names those of the variables without DWELL_, in lower case. Throws settings_error, with line
  /// and column, for an unknown key, a bad value or a file that cannot be read.
  [[nodiscard]] DWELL_API static settings from_file(const std::string& path);

  /// Worker threads, 1 to 1024; 0 means one for each processor this process may use.
  /// DWELL_THREADS.
  unsigned threads = 0;
  /// How long the kernel may hold a timer back so as to serve several at once, 0 to 1 s: the knob
  /// between lateness and CPU per sleep. DWELL_TIMER_SLACK_US.
  std::chrono::nanoseconds timer_slack = std::chrono::microseconds(50);
  /// Rounds over all queues that a worker without work makes before it sleeps, up to 1,000,000:
  /// more costs idle CPU and saves wake-up latency. DWELL_SPIN.
  unsigned spin = 8;
  /// Times in a row that a worker runs what its last chain woke, before other work gets its turn;
  /// 0 to 1,000. DWELL_LIFO_CAP.
  unsigned lifo_cap = 3;
  /// Polls between two looks of a busy worker at work from outside, 1 to 1,000,000.
  /// DWELL_FAIRNESS_INTERVAL.
  unsigned fairness_interval = 61;
  /// Pieces of work that a worker takes from another at most, and never more than half of what is
  /// there; 1 to 2,048. DWELL_STEAL_WIDTH.
  unsigned steal_width = 2048;
  /// Timers that travel to a worker together, 1 to 126: more makes each cheaper, fewer spread the
  /// chains that they wake over more workers. DWELL_TIMER_BATCH.
  unsigned timer_batch = 126;
  /// Who waits for timers and sockets. DWELL_REACTOR: "shared" or "dedicated".
  reactor_mode reactor = reactor_mode::shared;
  /// How sockets are waited for. Where the kernel refuses io_uring, stderr says so and it is epoll.
  /// With io_uring the kernel may interrupt threads that use the runtime, as a signal would: system
  /// calls of your own on them may say EINTR; and to close a listener takes until that is done in
  /// the thread that opened it. DWELL_IO: "epoll" or "io_uring".
  io_mode io = io_mode::epoll;
  /// Free frames of one size that a thread keeps for itself, 64 to 1,000,000; more go to the other
  /// threads. For the whole process: the last runtime to start decides. DWELL_FRAME_CACHE.
  unsigned frame_cache = 256;
  /// Functions given to blocking() that run at once, 1 to 100,000; further ones wait their turn.
  /// They mostly sleep in system calls, so this limits memory, not processors.
  /// DWELL_BLOCKING_THREADS.
  unsigned blocking_threads = 512;
  /// How long a thread of blocking() waits for work before it ends, 0 to 24 h.
  /// DWELL_BLOCKING_KEEP_ALIVE_MS.
  std::chrono::milliseconds blocking_keep_alive = std::chrono::seconds(10);
  /// Functions given to compute() that run at once, up to 1024; 0 means one for each processor this
  /// process may use but one, and at least one. DWELL_COMPUTE_THREADS.
  unsigned compute_threads = 0;
  /// A worker that has not come back to its loop for this long is reported, see
  /// set_worker_stall_hook(); 0 to 24 h, 0 means never. DWELL_WATCHDOG_MS.
  std::chrono::milliseconds watchdog_after = std::chrono::milliseconds(100);
  /// Functions given to compute() that wait for this long while none begins or ends are reported,
  /// see set_compute_stall_hook(); 0 to 24 h, 0 means never. DWELL_COMPUTE_WATCHDOG_MS.
  std::chrono::milliseconds compute_watchdog_after = std::chrono::seconds(1);
  /// Threads are named thread_name-0, thread_name-1, ..., thread_name-io, thread_name-b-0, ... for
  /// blocking() and thread_name-dog for the watchdog; at most 15 characters are shown.
  /// DWELL_THREAD_NAME.
  std::string thread_name = "dwell";
  /// Called on each worker's thread, with its number, when it starts and before it ends. Must not
  /// throw.
  std::function<void(unsigned worker)> on_thread_start;
  std::function<void(unsigned worker)> on_thread_stop;
  /// How long shutdown waits for cancelled tasks before it says on stderr what is left (and waits
  /// on: a task cannot be killed). DWELL_SHUTDOWN_GRACE_MS.
  std::chrono::milliseconds shutdown_grace = std::chrono::seconds(10);
};

/// `s` with the environment and the file of DWELL_SETTINGS applied, `threads` and `compute_threads`
/// filled in. Throws settings_error for a value out of range, a variable that does not parse, and
/// any DWELL_* variable that is not a setting, and as settings::from_file() does.
[[nodiscard]] DWELL_API settings resolve(settings s);

}  // namespace dwell::inline v0
