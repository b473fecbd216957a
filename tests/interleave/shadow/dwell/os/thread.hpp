// Stands in front of runtime/dwell/os/thread.hpp in the models: production threads are model
// threads.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "../../../explorer/model.hpp"

namespace dwell::inline v0::os {

class thread {
 public:
  thread() = default;
  thread(const std::string&, std::function<void()> body)
      : running_(std::make_unique<model::running>(
            model::spawn("thread", [b = std::move(body)] { b(); }))) {}

  void join() { running_->join(); }

 private:
  std::unique_ptr<model::running> running_;
};

inline void set_timer_slack(std::chrono::nanoseconds) noexcept {}

void yield_thread() noexcept;

}  // namespace dwell::inline v0::os
