// Turns a hang into a failure with a name.
//
// ctest's own timeout does so too, but says nothing of which part hung, and a developer who runs
// the program by hand has none. This detects hangs; it asserts no timing: the limit is generous.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <mutex>
#include <string>
#include <thread>
#include <utility>

namespace dwell_test {

/// Aborts the program with `what` unless destroyed within `limit`, or within as much after each
/// progress().
class watchdog {
 public:
  explicit watchdog(std::string what, std::chrono::seconds limit = std::chrono::seconds(100))
      : what_(std::move(what)), limit_(limit), thread_([this] { watch(); }) {}
  watchdog(const watchdog&) = delete;
  watchdog& operator=(const watchdog&) = delete;
  ~watchdog() {
    {
      const std::lock_guard guard(lock_);
      finished_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }

  /// It goes on: a long loop on a loaded machine is no hang.
  void progress() {
    const std::lock_guard guard(lock_);
    progressed_ = true;
  }

 private:
  void watch() {
    std::unique_lock guard(lock_);
    do {
      progressed_ = false;
      // system_clock, because ThreadSanitizer knows pthread_cond_timedwait and in GCC 12's library
      // not the call that waits on the steady clock.
      const auto deadline = std::chrono::system_clock::now() + limit_;
      if (changed_.wait_until(guard, deadline, [this] { return finished_; })) return;
    } while (progressed_);
    std::fprintf(stderr, "watchdog: '%s' did not finish within %lld s\n", what_.c_str(),
                 static_cast<long long>(limit_.count()));
    std::fflush(stderr);
    std::abort();
  }

  const std::string what_;
  const std::chrono::seconds limit_;
  std::mutex lock_;
  std::condition_variable changed_;
  bool finished_ = false;
  bool progressed_ = false;
  std::thread thread_;
};

}  // namespace dwell_test
