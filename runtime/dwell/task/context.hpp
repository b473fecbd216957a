// The thread's side of running coroutines: where a frame finds its worker without knowing what a
// scheduler is.
//
// One thread-local pointer, the only hot one in Dwell. It is read afresh at every use and never
// kept across a suspension: the chain may go on elsewhere.
#pragma once

#include <bit>
#include <coroutine>
#include <optional>
#include <source_location>

#include <dwell/base/atomic.hpp>
#include <dwell/base/export.hpp>
#include <dwell/base/panic.hpp>
#include <dwell/task/executor.hpp>
#include <dwell/task/frame_header.hpp>
#include <dwell/trace/counters.hpp>

namespace dwell::inline v0::core {

class background;

/// Where the chain that runs on a thread went on last, for a watchdog on another thread. A
/// source_location is one pointer to static data, so it never dangles, as a frame's address would.
class running_site {
 public:
  void set(const std::source_location& where) noexcept {
    // relaxed, here and below: one word, and nothing is published with it.
    bits_.store(std::bit_cast<const void*>(where), base::relaxed);
  }
  void clear() noexcept { bits_.store(nullptr, base::relaxed); }
  /// Nothing: no chain runs.
  [[nodiscard]] std::optional<std::source_location> get() const noexcept {
    const void* const bits = bits_.load(base::relaxed);
    if (bits == nullptr) return std::nullopt;
    return std::bit_cast<std::source_location>(bits);
  }

 private:
  base::atomic<const void*> bits_{nullptr};
};

/// The part of a worker that frames touch. Owned by one thread.
struct run_context {
  run_context(executor& e) noexcept : exec(&e) {}

  /// What the worker's loop resumes next, before it looks at any queue.
  frame_header* next = nullptr;
  /// The root of the chain that runs here, or null between two. Kept by switch_chain() and by the
  /// worker's loop.
  frame_header* chain = nullptr;
  /// Transfers left before control must go back through the loop: see transfer().
  int budget = 0;
  /// The pool this thread works for.
  executor* exec;
  /// This worker's door into the reactor; the reactor layer knows its type.
  void* timers = nullptr;
  /// What tasks spawned here belong to: the runtime's background.
  background* home = nullptr;
  /// Where blocking() and compute() find their threads; the offload layer knows its type.
  void* runners = nullptr;
  /// Where the chain went on that runs here.
  running_site running;
  /// Spawned chains started minus ended on this thread; the sum over the workers is what lives.
  trace::balance spawned;
  /// Waits for sockets begun minus ended on this thread; the sum over the workers is how many
  /// chains the world outside may wake.
  trace::balance socket_waits;
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

/// The handle to return from an await_suspend so that `next` runs; `context` is the calling
/// worker's. Spends one of the budget; at zero the frame goes through the worker's loop instead, so
/// that no chain of transfers nests deeper than the budget (GCC tail-calls only at -O2 and without
/// sanitizers) or keeps the worker from its other duties.
inline std::coroutine_handle<> transfer(run_context& context, frame_header& next) noexcept {
  if (--context.budget > 0) [[likely]] {
    context.running.set(next.where);
    return next.handle();
  }
  context.next = &next;
  return std::noop_coroutine();
}
/// The same; null means "nothing to run here".
inline std::coroutine_handle<> transfer(frame_header* next) noexcept {
  if (next == nullptr) return std::noop_coroutine();
  return transfer(*current_context, *next);
}

/// transfer() to a frame of another chain.
inline std::coroutine_handle<> switch_chain(run_context& context, frame_header& next) noexcept {
  context.chain = next.root;
  return transfer(context, next);
}
inline std::coroutine_handle<> switch_chain(frame_header* next) noexcept {
  if (next == nullptr) return std::noop_coroutine();
  return switch_chain(*current_context, *next);
}

}  // namespace dwell::inline v0::core
