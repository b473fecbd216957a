// What the models of the reactor share: its production sources, chains that timers wake, and an
// executor that takes the batches.
#pragma once

#include <cstdint>

#include <dwell/reactor/batch_pool.cpp>
#include <dwell/reactor/chunk_size.hpp>
#include <dwell/reactor/reactor.cpp>
#include <dwell/reactor/reactor_sockets.cpp>
#include <dwell/reactor/socket_table.cpp>
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

/// Wakes what a batch holds at once, on the thread that submits it.
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

inline constexpr std::int64_t already_due = the_time - 1;
inline constexpr std::int64_t never_comes = 2 * dwell::os::alarm::horizon_ns;

/// A reactor with its watchman, and what an idle worker does beside it.
struct attended_world {
  explicit attended_world(std::uint32_t expected) : exec(expected) {
    model::name(timers, "reactor");
    timers.start_thread("watchman", {});
  }
  /// Attends once, if nobody does.
  void attend() {
    if (!timers.enter()) return;
    core::wake_batch* const batch = timers.wait(called);
    timers.leave();
    if (batch != nullptr) exec.submit(*batch);
  }
  void call_attendant() {
    called.store(1, std::memory_order_relaxed);
    timers.ring();
  }

  waking_executor exec;
  dwell::reactor::reactor timers{exec, 2, the_time};
  dwell::base::atomic<std::uint32_t> called{0};
};
