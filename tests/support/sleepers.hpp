// Tasks that sleep until they are cancelled, and how many of them there are.
//
// A task that is cancelled before it begins never runs, so a test that counts the stopped ones
// first waits until they have begun: not for a time, which is never long enough on a loaded
// machine.
#pragma once

#include <atomic>
#include <chrono>
#include <type_traits>

#include <dwell/dwell.hpp>

namespace dwell_test {

struct sleepers {
  std::atomic<int> begun{0};
  std::atomic<int> stopped{0};

  /// Sleeps until it is cancelled, which it passes on.
  template <class T = void>
  dwell::task<T> sleep() {
    ++begun;
    try {
      co_await dwell::sleep_for(std::chrono::hours(1));
    } catch (const dwell::cancelled&) {
      ++stopped;
      throw;
    }
    if constexpr (!std::is_void_v<T>) co_return T();
  }

  /// Until `count` have begun.
  dwell::task<> all_begun(int count) {
    while (begun < count) co_await dwell::yield_now();
  }
};

}  // namespace dwell_test
