// Takes descriptors away from this process, for as long as it lives. Sanitizers open files of their
// own: ask os/sanitized.hpp first.
#pragma once

#include <sys/resource.h>

namespace dwell_test {

class descriptor_limit {
 public:
  /// No descriptor of this number or above is given.
  explicit descriptor_limit(int descriptors) {
    getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit fewer{static_cast<rlim_t>(descriptors), before_.rlim_max};
    setrlimit(RLIMIT_NOFILE, &fewer);
  }
  ~descriptor_limit() { setrlimit(RLIMIT_NOFILE, &before_); }
  descriptor_limit(const descriptor_limit&) = delete;
  descriptor_limit& operator=(const descriptor_limit&) = delete;

 private:
  rlimit before_{};
};

}  // namespace dwell_test
