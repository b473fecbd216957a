// For tests that nothing raises SIGPIPE.
#pragma once

#include <csignal>

namespace dwell_test {

/// While it lives SIGPIPE ends the program, though whoever started it may have it ignored.
class deadly_sigpipe {
 public:
  deadly_sigpipe() noexcept : before_(std::signal(SIGPIPE, SIG_DFL)) {}
  deadly_sigpipe(const deadly_sigpipe&) = delete;
  deadly_sigpipe& operator=(const deadly_sigpipe&) = delete;
  ~deadly_sigpipe() { (void)std::signal(SIGPIPE, before_); }

 private:
  void (*before_)(int);
};

}  // namespace dwell_test
