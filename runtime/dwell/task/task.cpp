#include <cstdio>
#include <utility>

#include <dwell/base/atomic.hpp>
#include <dwell/base/panic.hpp>
#include <dwell/task/task.hpp>

namespace dwell::inline v0 {

namespace {

void print_never_awaited(const std::source_location& written_at) noexcept {
  std::fprintf(
      stderr,
      "dwell: a task of '%s' (%s:%u) was destroyed without ever being awaited; co_await it, "
      "spawn() it or pass it to gather()\n",
      written_at.function_name(), written_at.file_name(), written_at.line());
}

base::atomic<never_awaited_hook> the_hook{&print_never_awaited};

// Destroying a task may destroy another in its parameters, and that one another: a chain of a
// million tasks must not recurse. Up to this depth it does, in the order that C++ promises; deeper
// ones wait in a list until the outermost returns. What a skipped frame holds in its parameters
// could not have run either, so that is not reported.
constexpr int deepest_recursion = 64;

struct pending_destruction {
  int depth = 0;
  bool inside_skipped = false;
  core::frame_header* first = nullptr;
};
constinit thread_local pending_destruction pending;

void destroy_one_deeper(core::frame_header& frame) noexcept {
  const bool skipped = frame.skipped;
  const bool before = std::exchange(pending.inside_skipped, skipped);
  ++pending.depth;
  frame.handle().destroy();
  --pending.depth;
  pending.inside_skipped = before;
}

}  // namespace

never_awaited_hook set_never_awaited_hook(never_awaited_hook hook) noexcept {
  // relaxed: the hook is a plain function; nothing is published with it.
  return the_hook.exchange(hook != nullptr ? hook : &print_never_awaited, base::relaxed);
}

namespace core {

void destroy_unfinished(std::coroutine_handle<> handle) noexcept {
  frame_header& frame = frame_header::of(handle);
  DWELL_ASSERT(frame.root == nullptr || frame.skipped,
               "a task that has begun is awaited to its end, never destroyed in the middle");
  if (pending.inside_skipped) frame.skipped = true;
  // relaxed: as in set_never_awaited_hook().
  if (!frame.skipped) the_hook.load(base::relaxed)(frame.where);
  if (pending.depth == deepest_recursion) {
    frame.continuation = pending.first;
    pending.first = &frame;
    return;
  }
  destroy_one_deeper(frame);
  while (pending.depth == 0 && pending.first != nullptr) {
    frame_header& next = *pending.first;
    pending.first = static_cast<frame_header*>(next.continuation);
    destroy_one_deeper(next);
  }
}

void panic_empty_task(const char* who) noexcept {
  base::panic(who,
              "the task is empty: it was moved from or awaited before; a task is awaited once");
}

}  // namespace core

}  // namespace dwell::inline v0
