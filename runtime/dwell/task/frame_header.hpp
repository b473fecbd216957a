// What every coroutine frame of Dwell begins with.
//
// A *chain* is a coroutine and whatever it awaits directly, down to the one that runs or sleeps:
// the unit that is scheduled, parked, woken and cancelled. Its first frame is the *root*, its last
// the *leaf*. Only a root is known to others (to the join it reports to); only a leaf is ever
// resumed.
//
//        join ◀──continuation── root ◀──continuation── frame ◀──continuation── leaf
//                                ▲ ▲──────────root───────┘                      │
//                                └────────────────────root──────────────────────┘
//
// The layout is fixed and the same for every result type: a dump, the deadlock report and a
// debugger script read it without knowing T. It sits at frame + 16 (two code pointers come first),
// because no promise is aligned to more than 16; that is what makes handle() work on the header
// alone.
#pragma once

#include <coroutine>
#include <cstdint>
#include <source_location>

#include <dwell/task/sleep_word.hpp>

namespace dwell::inline v0::core {

class join;

/// What a coroutine has ended with so far. In the header it costs a promise nothing.
enum class ended_with : std::uint8_t { nothing, value, error };

struct alignas(16) frame_header {
  explicit frame_header(std::source_location written_at) noexcept : where(written_at) {}
  frame_header(const frame_header&) = delete;
  frame_header& operator=(const frame_header&) = delete;

  /// Whom to continue when this frame ends: the awaiting frame_header, or for a root its join.
  void* continuation = nullptr;
  /// The chain this frame belongs to; null until it starts.
  frame_header* root = nullptr;
  /// Where the coroutine is written until it awaits; then where it awaits.
  std::source_location where;
  /// How the chain sleeps. Used in the root only.
  sleep_word sleep;

  /// Which of its join's chains a root is, for a join that counts them.
  std::uint32_t place = 0;

  // The rest is written by whoever runs the chain: one byte holds all four flags.

  /// A root that has been resumed.
  bool started : 1 = false;
  /// Never to be resumed, and that is no mistake: its scope was cancelled before it started, or it
  /// is no coroutine and only its join wants to hear of it. Its end is reported all the same.
  bool skipped : 1 = false;
  /// Ended with an exception, a cancellation included.
  bool failed : 1 = false;
  /// A root that runs inline on the worker that started its join, where nothing could steal it:
  /// see join.hpp.
  bool attached : 1 = false;
  /// The rest of the byte, so that a new header is written without reading it first.
  std::uint8_t unused_bits : 4 = 0;

  ended_with end = ended_with::nothing;

  [[nodiscard]] bool is_root() const noexcept { return root == this; }
  [[nodiscard]] join& joined() const noexcept { return *static_cast<join*>(continuation); }
  [[nodiscard]] frame_header& caller() const noexcept {
    return *static_cast<frame_header*>(continuation);
  }
  [[nodiscard]] std::coroutine_handle<> handle() noexcept {
    return std::coroutine_handle<frame_header>::from_promise(*this);
  }
  static frame_header& of(std::coroutine_handle<> h) noexcept {
    return std::coroutine_handle<frame_header>::from_address(h.address()).promise();
  }
};

}  // namespace dwell::inline v0::core
