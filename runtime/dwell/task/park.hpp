// How an awaiter goes to sleep: the sleeping protocol of sleep_word.hpp in the order that is right.
//
//   bool await_suspend(handle h) {
//     if (!begin_wait(*this, h)) return give_way(*this);   // the scope is cancelled: do not sleep
//     ... register with the source; on an exception call abandon_wait(*this) ...
//     return end_wait(*this);                    // true: asleep, touch nothing any more
//   }
//   void await_resume() { finish_wait(*this); ... }   // throws cancelled
#pragma once

#include <coroutine>

#include <dwell/base/export.hpp>
#include <dwell/task/cancelled.hpp>
#include <dwell/task/wait.hpp>

namespace dwell::inline v0::core {

/// Announces the wait. False when the chain's scope is cancelled: nothing is armed then.
[[nodiscard]] DWELL_API bool begin_wait(wait& w, std::coroutine_handle<> leaf) noexcept;

/// begin_wait() for a wait that a cancel does not end, neither one that came nor one that comes:
/// its abort must say no.
DWELL_API void begin_certain_wait(wait& w, std::coroutine_handle<> leaf) noexcept;

/// Takes an announced wait back; no source may know it.
DWELL_API void abandon_wait(wait& w) noexcept;

/// Goes to sleep. False when the wait ended meanwhile: the chain goes on at once.
[[nodiscard]] DWELL_API bool end_wait(wait& w) noexcept;

/// For a wait that is over, abandoned, or that a cancelled scope refused (a task that swallows the
/// cancellation in a loop must not keep its worker): goes on at once, or, when the chain has used
/// up its turn, at the end of the line. To be returned from await_suspend.
[[nodiscard]] DWELL_API bool give_way(wait& w) noexcept;

/// First thing after a wait, slept or not. Throws dwell::cancelled if it was called off.
// Inline down to the throw: each frame between it and the coroutine that catches is unwound twice,
// and costs a quarter of what cancelling a sleeper costs.
[[gnu::always_inline]] inline void finish_wait(wait& w) {
  w.root().sleep.resumed();
  if (w.was_cancelled()) [[unlikely]]
    throw cancelled{};
}

/// Gives up the worker without waiting for anything: detaches the chain and puts it at the end of
/// the line. To be returned from await_suspend; false when there was no room in it.
[[nodiscard]] DWELL_API bool requeue(std::coroutine_handle<> leaf) noexcept;

/// Throws dwell::cancelled if the scope of the running chain is cancelled.
DWELL_API void throw_if_cancelled(frame_header& leaf);

}  // namespace dwell::inline v0::core
