// Blocks model threads until others have done something a number of times.
#pragma once

#include <cstdint>

#include <dwell/os/futex.hpp>

#include "../explorer/model.hpp"

class latch {
 public:
  explicit latch(std::uint32_t count) : left_(count) {}

  void count_down() {
    if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) dwell::os::futex_wake(left_, 8);
  }
  void wait() {
    while (const std::uint32_t seen = left_.load(std::memory_order_acquire))
      dwell::os::futex_wait(left_, seen);
  }
  void arrive_and_wait() {
    count_down();
    wait();
  }

 private:
  model::atomic<std::uint32_t> left_;
};
