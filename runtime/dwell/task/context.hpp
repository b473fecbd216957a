// The thread's side of running coroutines: where a frame finds its worker without knowing what a
// scheduler is.
//
// One thread-local pointer, the only hot one in Dwell. It is read afresh at every use and never
// kept across a suspension: the chain may go on elsewhere.
#pragma once

#include <coroutine>

#include <dwell/base/export.hpp>
#include <dwell/base/panic.hpp>
#include <dwell/task/executor.hpp>
#include <dwell/task/frame_header.hpp>
#include <dwell/trace/counters.hpp>

namespace dwell::inline v0::core {

class background;

/// The part of a worker that frames touch. Owned by one thread.
struct run_context {
  run_context(executor& e) noexcept : exec(&e) {}

  /// What the worker's loop resumes next, before it looks at any queue.
  frame_header* next = nullptr;
  /// Transfers left before control must go back through the loop: see transfer().
  int budget = 0;
  /// The pool this thread works for.
  executor* exec;
  /// This worker's door into the reactor; the reactor layer knows its type.
  void* timers = nullptr;
  /// What tasks spawned here belong to: the runtime's background.
  background* home = nullptr;
  /// Spawned chains started minus ended on this thread; the sum over the workers is what lives.
  trace::balance spawned;
};

// initial-exec: a shared libdwell would otherwise call __tls_get_addr on every transfer.
extern DWELL_API constinit thread_local run_context* current_context
    __attribute__((tls_model("initial-exec")));

/// Transfers between frames before the worker's loop gets its turn: bounds the stack where the
/// compiler makes no tail calls, and is the cooperative budget everywhere.
inline constexpr int transfer_budget = 128;

/// The calling worker's context; stops the program with the remedy when there is none.
inline run_context& require_context(const char* who) noexcept {
  if (current_context == nullptr) [[unlikely]]
    base::panic(who, "needs a runtime: call it from a coroutine inside dwell::run(...)");
  return *current_context;
}

/// The handle to return from an await_suspend so that `next` runs. Spends one of the budget; at
/// zero the frame goes through the worker's loop instead, so that no chain of transfers nests
/// deeper than the budget (GCC tail-calls only at -O2 and without sanitizers) or keeps the worker
/// from its other duties. Null means "nothing to run here".
inline std::coroutine_handle<> transfer(frame_header* next) noexcept {
  if (next == nullptr) return std::noop_coroutine();
  run_context& context = *current_context;
  if (--context.budget > 0) [[likely]]
    return next->handle();
  context.next = next;
  return std::noop_coroutine();
}

}  // namespace dwell::inline v0::core
