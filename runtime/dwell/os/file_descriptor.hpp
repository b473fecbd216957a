// A descriptor that is closed by whoever owns it.
#pragma once

#include <utility>

#include <dwell/base/export.hpp>

namespace dwell::inline v0::os {

class DWELL_API file_descriptor {
 public:
  file_descriptor() noexcept = default;
  /// Takes `fd` over; a negative one is none.
  explicit file_descriptor(int fd) noexcept : fd_(fd) {}
  ~file_descriptor() { reset(); }
  file_descriptor(file_descriptor&& other) noexcept : fd_(other.release()) {}
  file_descriptor& operator=(file_descriptor&& other) noexcept {
    if (this != &other) {
      reset();
      fd_ = other.release();
    }
    return *this;
  }

  [[nodiscard]] int get() const noexcept { return fd_; }
  explicit operator bool() const noexcept { return fd_ >= 0; }
  [[nodiscard]] int release() noexcept { return std::exchange(fd_, -1); }
  /// Closes it. What close() reports is of no use: the descriptor is gone in any case.
  void reset() noexcept;

 private:
  int fd_ = -1;
};

}  // namespace dwell::inline v0::os
