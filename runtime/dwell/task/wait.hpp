// The part of a sleeping awaiter that others may see: who sleeps, in what, and how to call it off.
#pragma once

#include <cstdint>

#include <dwell/task/frame_header.hpp>
#include <dwell/task/work.hpp>

namespace dwell::inline v0::core {

class wait;

/// What a kind of wait is called and how it is aborted: one constant per kind.
struct wait_kind {
  /// As the user wrote it, for dumps: "sleep_for".
  const char* name;
  /// Tells the source to forget the wait. True: it will never touch the wait again. False: its wake
  /// is certain to come. Called at most once at a time, with the frame pinned; must not block.
  bool (*abort)(wait&) noexcept;
};

/// Base of every awaiter that sleeps. Lives in the leaf's frame.
class alignas(8) wait : public work_link {
 public:
  explicit wait(const wait_kind& kind) noexcept : kind_(&kind) {}
  wait(const wait&) = delete;
  wait& operator=(const wait&) = delete;

  [[nodiscard]] const wait_kind& kind() const noexcept { return *kind_; }
  [[nodiscard]] frame_header& leaf() const noexcept { return *leaf_; }
  [[nodiscard]] frame_header& root() const noexcept { return *leaf_->root; }

  [[nodiscard]] bool abort() noexcept { return kind_->abort(*this); }

  void set_leaf(frame_header& leaf) noexcept { leaf_ = &leaf; }

  /// Written by the party that owns the wait at that moment: the sleeper, or a canceller that pins
  /// it. Read by the sleeper when it runs again.
  void mark_cancelled() noexcept { cancelled_ = true; }
  [[nodiscard]] bool was_cancelled() const noexcept { return cancelled_; }

 private:
  const wait_kind* kind_;
  frame_header* leaf_ = nullptr;
  bool cancelled_ = false;
};

}  // namespace dwell::inline v0::core
