// What spawned tasks belong to: the scope of a runtime as a whole.
#pragma once

#include <cstdint>
#include <source_location>

#include <dwell/task/context.hpp>
#include <dwell/task/spawn_home.hpp>

namespace dwell::inline v0::core {

/// A node without chains of its own; the spawned ones hang below it as they go to sleep.
class background final : public spawn_home {
 public:
  void for_each_root(root_visitor, void*) noexcept override {}

  void child_starts(executor& exec) noexcept override { count(exec, +1); }
  void child_stays_away(executor& exec) noexcept override { count(exec, -1); }
  [[nodiscard]] bool child_ends(const join&, chain_end,
                                const std::exception_ptr&) noexcept override {
    current_context->spawned.add(-1);
    return false;
  }
  [[nodiscard]] frame_header* child_ended(chain_end) noexcept override { return nullptr; }

  /// Where the user called run() last, for the message that refuses a nested one.
  void set_run_site(const std::source_location& here) noexcept {
    const os::lock_guard guard(lock_);
    run_site_ = here;
  }
  [[nodiscard]] std::source_location run_site() noexcept {
    const os::lock_guard guard(lock_);
    return run_site_;
  }

  /// Spawned from threads that are no workers.
  [[nodiscard]] std::int64_t outside() const noexcept {
    return spawned_outside_.load(base::relaxed);  // relaxed: as in count()
  }

 private:
  // A worker counts for itself; what the other threads start has one counter.
  void count(const executor& exec, std::int64_t change) noexcept {
    run_context* const context = current_context;
    if (context != nullptr && context->exec == &exec)
      context->spawned.add(change);
    else
      spawned_outside_.fetch_add(change, base::relaxed);  // relaxed: a count, read at rest
  }

  base::atomic<std::int64_t> spawned_outside_{0};
  os::lock lock_;
  std::source_location run_site_;
};

}  // namespace dwell::inline v0::core
