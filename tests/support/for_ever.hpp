// Tasks that end only by a cancellation, and count how many began and how many were cancelled.
#pragma once

#include <atomic>
#include <chrono>

#include <dwell/dwell.hpp>

namespace dwell_test {

/// Outlives the run: the tasks write to it until they end.
struct counts {
  std::atomic<int> started{0};
  std::atomic<int> cancelled{0};
};

inline dwell::task<> sleeps_for_ever(counts& c) {
  ++c.started;
  try {
    co_await dwell::sleep_for(std::chrono::hours(1));
  } catch (const dwell::cancelled&) {
    ++c.cancelled;
    throw;
  }
}

inline dwell::task<> yields_for_ever(counts& c) {
  ++c.started;
  try {
    for (;;) co_await dwell::yield_now();
  } catch (const dwell::cancelled&) {
    ++c.cancelled;
    throw;
  }
}

/// For a task that must not end before others have begun: how long that takes is not known.
inline dwell::task<> until(const std::atomic<bool>& flag) {
  while (!flag) co_await dwell::yield_now();
}

}  // namespace dwell_test
