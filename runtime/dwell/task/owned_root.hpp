// The one pointer that owns a coroutine's frame: in a task, and in a join for its chains.
#pragma once

#include <coroutine>
#include <utility>

#include <dwell/base/atomic.hpp>
#include <dwell/base/export.hpp>
#include <dwell/task/cancel_node.hpp>
#include <dwell/task/frame_header.hpp>

namespace dwell::inline v0::core {

/// Reports a task that was destroyed without ever having run; see set_never_awaited_hook().
DWELL_API void destroy_unfinished(std::coroutine_handle<> frame) noexcept;

/// Owns a frame of any type, or none. One owner at a time; but see for_walker().
class owned_root {
 public:
  owned_root() noexcept = default;
  explicit owned_root(frame_header& frame) noexcept : frame_(&frame) {}
  owned_root(owned_root&& other) noexcept : frame_(other.release()) {}
  owned_root& operator=(owned_root&& other) noexcept {
    owned_root(std::move(other)).swap(*this);
    return *this;
  }
  ~owned_root() {
    if (frame_ != nullptr) destroy(*frame_);
  }
  void swap(owned_root& other) noexcept { std::swap(frame_, other.frame_); }

  [[nodiscard]] frame_header* get() const noexcept { return frame_; }
  /// The caller owns it from now on.
  [[nodiscard]] frame_header* release() noexcept { return std::exchange(frame_, nullptr); }

  /// The frame, for one who walks over the chains of a join (cancel_node::for_each_root) while
  /// another thread may retire this one; null once that has happened.
  [[nodiscard]] frame_header* for_walker() noexcept {
    // relaxed: the frame was published before anybody could walk to it, and who retires it asks
    // for walkers with a fence.
    return base::atomic_ref(frame_).load(base::relaxed);
  }
  /// The chain, one of `scope`, has ended, and its result was taken: destroys the frame, and with
  /// it the parameters.
  void retire(cancel_node& scope) noexcept {
    frame_header& ended = *frame_;
    // relaxed: ordered by the fence in let_walkers_pass().
    base::atomic_ref(frame_).store(nullptr, base::relaxed);
    scope.let_walkers_pass();
    destroy(ended);
  }

 private:
  static void destroy(frame_header& left) noexcept {
    const std::coroutine_handle<> frame = left.handle();
    if (frame.done()) [[likely]]
      frame.destroy();
    else
      destroy_unfinished(frame);
  }

  frame_header* frame_ = nullptr;
};

}  // namespace dwell::inline v0::core
