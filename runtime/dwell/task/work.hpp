// What the queues hold: one word that says what to do and to whom.
#pragma once

#include <cstdint>

#include <dwell/base/panic.hpp>

namespace dwell::inline v0::core {

struct frame_header;
class wait;
struct wake_batch;

/// First base of everything that can stand in the injector's overflow list, which links what it
/// holds instead of allocating. Owned by whoever owns the object's place in a queue.
struct work_link {
  std::uintptr_t next_work = 0;
};

/// A tagged pointer to a frame, a wait or a batch; empty by default.
class work {
 public:
  enum class kind : std::uintptr_t {
    frame,  // resume it: the root of a new chain, or a leaf that gave way
    root,   // its wait is over: wake it, and resume the leaf if the wake claims it
    wait,   // claimed by a waker or a canceller: resume its leaf
    batch,  // a wake_batch: many roots
  };

  work() = default;
  static work of_frame(frame_header& f) noexcept { return work(&f, kind::frame); }
  static work of_root(frame_header& root) noexcept { return work(&root, kind::root); }
  static work of_wait(wait& w) noexcept { return work(&w, kind::wait); }
  static work of_batch(wake_batch& b) noexcept { return work(&b, kind::batch); }
  static work from_bits(std::uintptr_t bits) noexcept {
    work w;
    w.bits_ = bits;
    return w;
  }

  explicit operator bool() const noexcept { return bits_ != 0; }
  [[nodiscard]] std::uintptr_t bits() const noexcept { return bits_; }
  [[nodiscard]] kind what() const noexcept { return static_cast<kind>(bits_ & mask); }

  [[nodiscard]] frame_header& frame() const noexcept { return *pointer<frame_header>(); }
  [[nodiscard]] wait& waiting() const noexcept { return *pointer<wait>(); }
  [[nodiscard]] wake_batch& batch() const noexcept { return *pointer<wake_batch>(); }
  /// Only for kinds wait and batch.
  [[nodiscard]] work_link& link() const noexcept { return *pointer<work_link>(); }

 private:
  static constexpr std::uintptr_t mask = 3;

  work(void* object, kind k) noexcept
      : bits_(reinterpret_cast<std::uintptr_t>(object) | static_cast<std::uintptr_t>(k)) {}

  template <class T>
  [[nodiscard]] T* pointer() const noexcept {
    return reinterpret_cast<T*>(bits_ & ~mask);
  }

  std::uintptr_t bits_ = 0;
};

}  // namespace dwell::inline v0::core
