// A wheel with exactly the blocks that it was promised to need: one for each `entries_per_block`
// timers, rounded up, and not one more. A wheel that needs another stops the program.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include <dwell/reactor/wheel.hpp>

namespace dwell_test {

class lent_wheel {
 public:
  using wheel = dwell::reactor::wheel;

  explicit lent_wheel(std::int64_t now_ns) : wheel_(now_ns) {}

  void insert(std::int64_t deadline_ns, std::uint64_t payload) {
    if (wheel_.size() == lent_ * wheel::entries_per_block) {
      blocks_.push_back(std::make_unique<wheel::block>());
      wheel_.lend(blocks_.back().get(), 1);
      ++lent_;
    }
    wheel_.insert({deadline_ns, payload});
  }

  /// What expires up to `now_ns`, in order.
  std::vector<wheel::entry> expire(std::int64_t now_ns) {
    std::vector<wheel::entry> due;
    wheel_.expire(now_ns, [&](const wheel::entry& e) {
      due.push_back(e);
      return true;
    });
    return due;
  }

  [[nodiscard]] wheel& get() noexcept { return wheel_; }
  wheel* operator->() noexcept { return &wheel_; }

 private:
  std::vector<std::unique_ptr<wheel::block>> blocks_;
  std::size_t lent_ = 0;
  wheel wheel_;
};

}  // namespace dwell_test
