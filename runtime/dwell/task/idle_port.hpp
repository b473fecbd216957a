// Where a worker without work may wait for more than other workers: the reactor, as the scheduler
// sees it. The second port of the task layer, beside the executor's.
#pragma once

#include <cstdint>

#include <dwell/base/atomic.hpp>
#include <dwell/base/export.hpp>
#include <dwell/task/wake_batch.hpp>

namespace dwell::inline v0::core {

/// One thread at a time has the right to wait here, from enter() to leave().
class DWELL_API idle_port {
 public:
  /// Takes the right to wait. False: another thread has it.
  [[nodiscard]] virtual bool enter() noexcept = 0;

  /// Waits until chains are to be woken, and returns them as a batch that the caller runs after it
  /// left; or until `called` is set, by somebody who then calls ring(), and returns null.
  [[nodiscard]] virtual wake_batch* wait(const base::atomic<std::uint32_t>& called) noexcept = 0;

  /// What has become ready while every worker was busy, as a batch to run, or null. For a busy
  /// worker, now and then; costs two loads while there is nothing to look at.
  [[nodiscard]] virtual wake_batch* glance() noexcept = 0;

  /// Gives the right back. By then the caller must not count as asleep any more if it has a batch.
  virtual void leave() noexcept = 0;

  /// Ends the wait of whoever waits now, or the next one. Any thread.
  virtual void ring() noexcept = 0;

 protected:
  ~idle_port() = default;
};

}  // namespace dwell::inline v0::core
