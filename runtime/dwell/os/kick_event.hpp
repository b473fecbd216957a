// What ends another thread's wait in the kernel: an eventfd, to be polled with whatever else that
// thread waits for.
#pragma once

#include <dwell/base/export.hpp>
#include <dwell/os/file_descriptor.hpp>

namespace dwell::inline v0::os {

/// Throws std::system_error when the kernel refuses the descriptor.
class DWELL_API kick_event {
 public:
  kick_event();

  /// Makes the descriptor readable. Any thread; async-signal-safe. The counter saturates only after
  /// 2^64 kicks.
  void kick() const noexcept;
  /// Makes it unreadable again, which only who polls it level-triggered needs.
  void take() const noexcept;

  [[nodiscard]] int get() const noexcept { return event_.get(); }

 private:
  file_descriptor event_;
};

}  // namespace dwell::inline v0::os
