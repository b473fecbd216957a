// Many sleepers whose waits ended together, handed to one worker as one piece of work.
//
// The source does not wake them itself: it would touch a hundred thousand frames that the worker
// touches again right after. The worker wakes each just before it resumes it.
#pragma once

#include <cstdint>

#include <dwell/task/frame_header.hpp>
#include <dwell/task/work.hpp>

namespace dwell::inline v0::core {

struct wake_batch : work_link {
  static constexpr std::uint32_t capacity = 126;  // with the rest, 1,024 bytes

  std::uint32_t count = 0;
  /// Gives the batch back to its source once a worker has emptied it; any thread.
  void (*recycle)(wake_batch& emptied) noexcept = nullptr;
  frame_header* roots[capacity];
};

}  // namespace dwell::inline v0::core
