// An executor that nobody needs: the base of the models' own.
#pragma once

#include <dwell/task/executor.hpp>

struct quiet_executor : dwell::core::executor {
  void submit(dwell::core::wait&) noexcept override {}
  void submit(dwell::core::wake_batch&) noexcept override {}
  bool nudge() noexcept override { return false; }
  void call_idle() noexcept override {}
  void start(dwell::core::frame_header&) override {}
  bool requeue(dwell::core::frame_header&) noexcept override { return false; }
};
