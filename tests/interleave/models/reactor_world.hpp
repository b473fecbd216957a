// What the models of the reactor share: its production sources, chains that timers wake, and an
// executor that takes the batches.
#pragma once

#include <cstdint>

#include <dwell/reactor/batch_pool.cpp>
#include <dwell/reactor/chunk_size.hpp>
#include <dwell/reactor/reactor.cpp>
#include <dwell/reactor/timer_shard.cpp>
#include <dwell/reactor/wheel.cpp>

#include "../explorer/model.hpp"
#include "fixed_clock.hpp"
#include "latch.hpp"
#include "quiet_executor.hpp"

namespace core = dwell::core;

static_assert(dwell::reactor::cells_per_chunk == 1, "a second timer needs a cell that came back");

/// A chain that a timer may wake.
struct sleeper : core::frame_header {
  sleeper() : frame_header(std::source_location::current()) { model::name(frame, "frame"); }

  model::var<int> frame{0};
  int woken = 0;
};

inline dwell::reactor::timer_ticket arm(dwell::reactor::timer_port& port, sleeper& s,
                                        std::int64_t deadline) {
  s.frame = 1;
  port.reserve();
  return port.arm(s, deadline);
}

/// Wakes what a batch holds at once, on the reactor's thread.
struct waking_executor final : quiet_executor {
  using quiet_executor::submit;
  explicit waking_executor(std::uint32_t expected) : left(expected) {}

  void submit(core::wake_batch& batch) noexcept override {
    for (std::uint32_t i = 0; i < batch.count; ++i) {
      auto& s = static_cast<sleeper&>(*batch.roots[i]);
      ++s.frame;
      ++s.woken;
      left.count_down();
    }
    batch.recycle(batch);
  }

  latch left;
};
