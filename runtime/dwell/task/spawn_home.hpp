// What a spawned chain belongs to: the runtime's background, or a task group.
//
// A spawned chain outlives the await that made it, so no awaiter counts it. Its home does: the home
// is the node above it in the tree of scopes, hears of its start and of its end, and may have
// somebody to continue when the last of its chains has ended.
#pragma once

#include <cstdint>
#include <exception>

#include <dwell/base/export.hpp>
#include <dwell/task/join.hpp>

namespace dwell::inline v0::core {

/// How a chain came to its end.
enum class chain_end : std::uint8_t {
  returned,  // with a value
  stopped,   // cancelled, before it began or later
  failed,    // with an error
};

class DWELL_API spawn_home : public cancel_node {
 public:
  /// A chain is about to start on `exec`. Any thread that keeps the home alive.
  virtual void child_starts(executor& exec) noexcept = 0;
  /// It did not start after all: there was no memory.
  virtual void child_stays_away(executor& exec) noexcept = 0;

  /// The chain of `child` has left the tree, and nobody who waits for it knows yet. `error` is what
  /// it failed with, else null. True: this home sees to it that somebody observes the error.
  [[nodiscard]] virtual bool child_ends(const join& child, chain_end how,
                                        const std::exception_ptr& error) noexcept = 0;
  /// Who waited for the chain is awake. Returns the frame that the calling worker continues with,
  /// or null. Called last; the home may be gone when this returns.
  [[nodiscard]] virtual frame_header* child_ended(chain_end how) noexcept = 0;

 protected:
  ~spawn_home() = default;
};

}  // namespace dwell::inline v0::core
