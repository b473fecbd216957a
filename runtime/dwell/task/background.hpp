// What spawned tasks belong to: the scope of a runtime as a whole.
#pragma once

#include <cstdint>
#include <source_location>

#include <dwell/task/cancel_node.hpp>
#include <dwell/trace/counters.hpp>

namespace dwell::inline v0::core {

/// A node without chains of its own; the spawned ones hang below it as they go to sleep.
class background final : public cancel_node {
 public:
  void for_each_root(root_visitor, void*) noexcept override {}

  /// Spawned from threads that are no workers. Under no lock: every thread adds.
  void count_outside(std::int64_t change) noexcept {
    spawned_outside_.fetch_add(change, base::relaxed);  // relaxed: a count, read at rest
  }
  /// Where the user called run() last, for the message that refuses a nested one.
  void set_run_site(const std::source_location& here) noexcept {
    const os::lock_guard guard(lock_);
    run_site_ = here;
  }
  [[nodiscard]] std::source_location run_site() noexcept {
    const os::lock_guard guard(lock_);
    return run_site_;
  }

  [[nodiscard]] std::int64_t outside() const noexcept {
    return spawned_outside_.load(base::relaxed);  // relaxed: as above
  }

 private:
  base::atomic<std::int64_t> spawned_outside_{0};
  os::lock lock_;
  std::source_location run_site_;
};

}  // namespace dwell::inline v0::core
