// A door between threads that a test opens.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>

namespace dwell_test {

/// Closed until open(); whoever passes waits for that. Any thread.
class gate {
 public:
  void open() {
    {
      const std::lock_guard guard(lock_);
      open_ = true;
    }
    opened_.notify_all();
  }
  void pass() {
    std::unique_lock guard(lock_);
    opened_.wait(guard, [this] { return open_; });
  }
  /// False: it was closed for all that time.
  [[nodiscard]] bool passes_within(std::chrono::milliseconds limit) {
    std::unique_lock guard(lock_);
    return opened_.wait_for(guard, limit, [this] { return open_; });
  }
  [[nodiscard]] bool is_open() {
    const std::lock_guard guard(lock_);
    return open_;
  }

 private:
  std::mutex lock_;
  std::condition_variable opened_;
  bool open_ = false;
};

}  // namespace dwell_test
