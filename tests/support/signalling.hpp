// What tests of signals ask of the process that they run in.
#pragma once

#include <atomic>
#include <csignal>
#include <filesystem>
#include <iterator>

namespace dwell_test {

/// A program's own handler, which counts. One at a time.
class own_handler {
 public:
  explicit own_handler(int number) : number_(number) {
    count = 0;
    struct sigaction mine {};
    mine.sa_handler = [](int) { ++count; };
    sigaction(number_, &mine, &before_);
  }
  ~own_handler() { sigaction(number_, &before_, nullptr); }
  own_handler(const own_handler&) = delete;
  own_handler& operator=(const own_handler&) = delete;

  [[nodiscard]] static int calls() { return count; }

 private:
  static inline std::atomic<int> count{0};

  const int number_;
  struct sigaction before_ {};
};

inline bool has_handler(int number) {
  struct sigaction now {};
  sigaction(number, nullptr, &now);
  return (now.sa_flags & SA_SIGINFO) != 0 || now.sa_handler != SIG_DFL;
}

inline void restore_default(int number) {
  struct sigaction by_default {};
  by_default.sa_handler = SIG_DFL;
  sigaction(number, &by_default, nullptr);
}

inline int threads_of_this_process() {
  using std::filesystem::directory_iterator;
  return static_cast<int>(
      std::distance(directory_iterator("/proc/self/task"), directory_iterator()));
}

}  // namespace dwell_test
