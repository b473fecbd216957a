// signal_receiver and ctrl_c: waiting for a signal of the operating system.
//
// A receiver has its signals from when it is made until it goes, awaited or not: between two waits
// none falls back to the default action, which would end the program. Afterwards what was there
// before is there again, so after `co_await ctrl_c()` the next Ctrl-C ends the program.
#pragma once

#include <cstdint>

#include <dwell/base/atomic.hpp>
#include <dwell/base/export.hpp>
#include <dwell/os/signals.hpp>
#include <dwell/sync/event.hpp>
#include <dwell/task/outside_waker.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0 {

using os::signal_set;

/// Receives signals instead of their default action; a handler that the program has installed is
/// called first all the same. Every receiver in the process is given each signal of its set.
///
/// While one lives, no runtime of the program reports a deadlock. It stays where it is made, any
/// thread may make it, and it must outlive the waits on it. Costs the process one thread, which
/// ends with the last receiver.
class DWELL_API signal_receiver final : private os::signal_listener {
 public:
  /// Throws std::system_error when the system has no thread to give.
  explicit signal_receiver(signal_set which);
  ~signal_receiver();

  /// The number of the next signal. What has come since the last one was received is there at once:
  /// signals are a set and no queue, so one that comes twice before it is received is received
  /// once, and of several the lowest number comes first. Of several tasks that wait the first in
  /// line receives. Cancelled: none was taken.
  [[nodiscard]] task<int> receive();

 private:
  void on_signal(int number) noexcept override;

  base::atomic<std::uint64_t> arrived_{0};
  auto_reset_event changed_;
  const core::outside_waker counted_;
  const os::signal_interest interest_;  // last: nobody is told before the rest is there
};

/// Waits for the next Ctrl-C (SIGINT): a signal_receiver for one signal, from when it is first
/// awaited. Cancellable. Throws std::system_error as signal_receiver does.
[[nodiscard]] DWELL_API task<> ctrl_c();

}  // namespace dwell::inline v0
