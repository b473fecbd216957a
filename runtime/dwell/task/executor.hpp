// The executor port: the one way in which control goes up from the layers below the scheduler.
#pragma once

#include <dwell/base/export.hpp>
#include <dwell/task/frame_header.hpp>

namespace dwell::inline v0::core {

class wait;
struct wake_batch;

/// What the task layer asks of a scheduler. Every call is safe from any thread unless it says
/// otherwise; none runs user code.
class DWELL_API executor {
 public:
  /// Makes a queued wait's leaf run. Never allocates, so a wake-up cannot fail.
  virtual void submit(wait& queued) noexcept = 0;

  /// Wakes every root of the batch. Never allocates.
  virtual void submit(wake_batch& batch) noexcept = 0;

  /// Asks an idle worker to look around, if there is one and work waits on a busy one. A batch is
  /// not shared at once; whoever submits batches calls this a moment later, and again as long as it
  /// says that somebody is still about to take work up.
  [[nodiscard]] virtual bool nudge() noexcept = 0;

  /// Wakes an idle worker, if there is one and nobody searches: so that somebody waits in the idle
  /// port again after all of them were refused there.
  virtual void call_idle() noexcept = 0;

  /// Makes a new chain run. Throws std::bad_alloc, with nothing done, when no queue has room.
  virtual void start(frame_header& root) = 0;

  /// Puts the running chain at the end of the line. Called by a worker of this executor, whose
  /// frame is suspended when the line gets to it. False when there was no room: go on running.
  [[nodiscard]] virtual bool requeue(frame_header& leaf) noexcept = 0;

 protected:
  ~executor() = default;
};

}  // namespace dwell::inline v0::core
