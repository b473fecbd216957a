// Threads of the operating system: started, named and joined here and nowhere else.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include <dwell/base/export.hpp>

namespace dwell::inline v0::os {

/// A joinable thread with a name of at most 15 characters (the kernel's limit; longer ones are
/// cut). Throws std::system_error when the system has no thread to give.
class DWELL_API thread {
 public:
  thread() = default;
  thread(std::string name, std::function<void()> body);
  thread(thread&&) noexcept = default;
  thread& operator=(thread&&) noexcept = default;

  /// Waits for the body to end.
  void join();

 private:
  std::thread thread_;
};

/// Processors this process may use: the smaller of its affinity mask and its cgroup's CPU quota,
/// at least one.
unsigned usable_processors() noexcept;

/// How long the kernel may delay this thread's timed waits so as to serve several at once.
/// Zero asks for the least the kernel grants (one nanosecond).
void set_timer_slack(std::chrono::nanoseconds slack) noexcept;
/// What this thread asked for; nothing when it never did, whatever the kernel grants it then. For
/// waits to which the kernel does not apply it.
[[nodiscard]] std::chrono::nanoseconds timer_slack() noexcept;

/// Lets another thread of this machine run.
void yield_thread() noexcept;

}  // namespace dwell::inline v0::os
